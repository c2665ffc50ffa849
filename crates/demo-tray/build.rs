//! Declares the commands that the page may call; what is not listed does not exist for it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = tauri_build::AppManifest::new().commands(&["tray", "put", "off", "tear", "mute", "calm", "load"]);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
