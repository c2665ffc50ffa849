//! A desk on standard input and output: one JSON act a line in, one JSON view a line out.

use std::{
    io::{BufRead, Write},
    sync::{Mutex, PoisonError},
};

use desk_app::{
    Desk, DeskHandle,
    ports::Screen,
    view::{Act, View},
};
use desk_domain::code::{Code, Message};

/// Views as lines.
#[derive(Default)]
pub struct Lines(Mutex<()>);

impl Screen for Lines {
    fn show(&self, view: View) {
        let _turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(text) = serde_json::to_string(&view) {
            let mut out = std::io::stdout().lock();
            let _gone = writeln!(out, "{text}").and_then(|()| out.flush());
        }
    }
}

/// Works until standard input ends. A line that is no act is dropped, as the window's would be.
///
/// # Errors
/// `INTERNAL` where no thread can be started.
pub async fn serve(desk: Desk, handle: DeskHandle) -> Result<(), Message> {
    std::thread::Builder::new()
        .name("acts".to_owned())
        .spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                match serde_json::from_str::<Act>(&line) {
                    Ok(act) => {
                        if !handle.send(act) {
                            return;
                        }
                    }
                    // Its text may hold anything.
                    Err(_) => tracing::warn!("a line is no act"),
                }
            }
        })
        .map_err(|_| Message::new(Code::Internal).with("where", "headless"))?;
    desk.run().await;
    Ok(())
}
