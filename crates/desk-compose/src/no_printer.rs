//! A desk without a printer: every paper stays pending.

use async_trait::async_trait;
use desk_app::ports::{PrintedAs, Printer, Sheet};
use desk_domain::code::{Code, Message};

pub(crate) struct NoPrinter;

#[async_trait]
impl Printer for NoPrinter {
    async fn print(&mut self, _sheet: &Sheet) -> Result<PrintedAs, Message> {
        Err(Message::new(Code::PrinterMissing))
    }

    async fn test(&mut self) -> Result<(), Message> {
        Err(Message::new(Code::PrinterMissing))
    }
}
