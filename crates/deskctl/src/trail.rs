//! `deskctl card trail CASE`: what was said to the cards of a case, from the desk's own journal.

use std::path::Path;

use desk_card::{code::Message, status::Sw};
use desk_compose::{config::Config, journal, passphrase};
use desk_domain::{case::Entry, id::CaseNumber, trail::Exchanged};
use serde_json::{Value, json};

/// # Errors
/// Why the journal cannot be opened, or `CASE_NOT_FOUND`.
pub fn read(case: &str, config: &Path, passphrase_fd: Option<u32>) -> Result<Value, Message> {
    let config = Config::read(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| journal::no_such_case())?;
    let found = runtime.block_on(journal::case(&config, passphrase::asked_from(passphrase_fd), &CaseNumber::new(case)))?;
    let (header, rows) = found.ok_or_else(journal::no_such_case)?;
    let mut conversations = Vec::new();
    for row in &rows {
        if let Ok(Entry::Trail { exchanges }) = serde_json::from_str(&row.payload) {
            let said: Vec<_> = exchanges.iter().map(of_exchange).collect();
            conversations.push(json!({ "row": row.header.sequence, "at": row.header.at.to_rfc3339(), "exchanges": said }));
        }
    }
    Ok(json!({
        "case": header.number.as_str(),
        "service": header.service,
        "programme": header.programme.as_str(),
        "trail": conversations,
    }))
}

fn of_exchange(exchanged: &Exchanged) -> Value {
    let sw = exchanged.answer.as_deref().and_then(|answer| u16::from_str_radix(answer.get(answer.len().checked_sub(4)?..)?, 16).ok());
    json!({
        "at_ms": exchanged.at,
        "took_ms": exchanged.took,
        "command": exchanged.command,
        "name": named(&exchanged.command),
        "answer": exchanged.answer,
        "status": sw.map_or("没有应答", |sw| said(Sw(sw))),
    })
}

/// What a command is called.
fn named(command: &str) -> &'static str {
    match (command.get(0..2), command.get(2..4)) {
        (_, Some("A4")) => "SELECT",
        (_, Some("B0")) => "READ BINARY",
        (_, Some("B2")) => "READ RECORD",
        (_, Some("D6")) => "UPDATE BINARY",
        (_, Some("84")) => "GET CHALLENGE",
        (_, Some("20")) => "VERIFY",
        (_, Some("24")) => "PIN UNBLOCK",
        (_, Some("5E")) => "RELOAD PIN",
        (_, Some("5C")) => "GET BALANCE",
        (_, Some("50")) => "INITIALIZE",
        (_, Some("52")) => "CREDIT FOR LOAD",
        (_, Some("54")) => "DEBIT",
        (_, Some("5A")) => "GET TRANSACTION PROVE",
        (_, Some("18")) => "APPLICATION UNBLOCK",
        (_, Some("1E")) => "APPLICATION BLOCK",
        (_, Some("16")) => "CARD BLOCK",
        (Some("FF"), Some("CA")) => "CHIP SERIAL",
        (_, Some("CA")) => "GET DATA",
        (_, Some("C0")) => "GET RESPONSE",
        _ => "?",
    }
}

/// What a status word says, for support.
fn said(sw: Sw) -> &'static str {
    match sw {
        Sw::OK => "成功",
        Sw::APPLICATION_LOCKED | Sw::FILE_INVALID => "应用已临时锁定",
        Sw::APPLICATION_DEAD => "应用已永久锁定",
        Sw(0x6100..=0x61FF) => "还有数据",
        Sw(0x63C0..=0x63CF) => "密码错误",
        Sw(0x6581) => "存储器故障",
        Sw(0x6700) => "长度错误",
        Sw(0x6900 | 0x6901 | 0x6985) => "条件不满足",
        Sw(0x6982) => "安全状态不满足",
        Sw(0x6983) => "密码或密钥已锁定",
        Sw(0x6984) => "没有取随机数",
        Sw(0x6988 | 0x9302) => "校验码错误",
        Sw(0x6A82) => "没有该文件或应用",
        Sw(0x6A83) => "没有该记录",
        Sw(0x6A86) => "参数错误",
        Sw(0x6C00..=0x6CFF) => "应改用另一长度",
        Sw(0x6D00 | 0x6E00) => "卡片不认识该指令",
        Sw(0x9401) => "余额不足",
        Sw(0x9402) => "交易计数器已满",
        Sw(0x9403) => "没有该密钥",
        Sw(0x9406) => "没有该交易的证明",
        Sw(_) => "见发卡方说明",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_are_told_in_words() {
        let told = of_exchange(&Exchanged { at: 12, took: 3, command: "0020000003******".to_owned(), answer: Some("63C2".to_owned()) });
        assert_eq!((&told["name"], &told["status"], &told["took_ms"]), (&json!("VERIFY"), &json!("密码错误"), &json!(3)));
        let lost = of_exchange(&Exchanged { at: 12, took: 3, command: "8054".to_owned(), answer: None });
        assert_eq!((&lost["name"], &lost["status"]), (&json!("DEBIT"), &json!("没有应答")));
    }
}
