//! Embeds the window's pages and its few permissions. Every command stands here by name: one that is not listed and
//! granted in `capabilities/` cannot be called from a page.

fn main() {
    let attributes = tauri_build::Attributes::new()
        .app_manifest(tauri_build::AppManifest::new().commands(&["act", "current_view"]))
        .capabilities_path_pattern("src-tauri/capabilities/*.json");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("the shell cannot be built: {error:#}");
    }
}
