//! The one window. It shows our own pages and nothing else: no developer tools, no navigation, no second window.

use tauri::{AppHandle, WebviewUrl, WebviewWindowBuilder, utils::config::Color, webview::NewWindowResponse};

/// Label of the window, as in `capabilities/main.json`.
pub const LABEL: &str = "main";

/// The smallest counter screen that is supported, in logical pixels.
const SMALLEST: (f64, f64) = (1024.0, 640.0);
const USUAL: (f64, f64) = (1366.0, 768.0);

/// # Errors
/// When the system has no web view or no display.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("CardDesk 卡务台")
        .inner_size(USUAL.0, USUAL.1)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .maximized(true)
        .background_color(Color(0x10, 0x1a, 0x21, 0xff))
        .devtools(false)
        .zoom_hotkeys_enabled(false)
        .disable_drag_drop_handler()
        .on_navigation(|url| {
            url.scheme() == "tauri"
                || url.host_str() == Some("tauri.localhost")
                || (cfg!(debug_assertions) && url.host_str() == Some("localhost"))
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}
