//! Published and own vectors of purse and line cryptography. Keys are made up or published as examples.

use crate::{
    cipher::{decrypt_single, encrypt},
    key::DoubleKey,
    mac,
};

fn b(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text).unwrap()
}

fn a<const N: usize>(hex_text: &str) -> [u8; N] {
    b(hex_text).try_into().unwrap()
}

fn h(bytes: impl AsRef<[u8]>) -> String {
    hex::encode_upper(bytes)
}

fn key(hex_text: &str) -> DoubleKey {
    DoubleKey::new(a(hex_text))
}

/// The published example's key: 1122…8888 and back.
const PUBLISHED: &str = "11223344556677888877665544332211";
const UNLOAD: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
const TAC: &str = "FFEEDDCCBBAA99887766554433221100";
const LINE: &str = "11111111111111112222222222222222";
const TIME: &str = "20250102030405";
const TERMINAL: &str = "305000000001";

#[test]
fn published_load() {
    let session = mac::online_session(&key(PUBLISHED), a("11223344"), 0);
    assert_eq!(h(*session), "9B1D924E05595603");
    assert_eq!(h(mac::mac(&session, &b("000000000000100001001122334455"))), "2988AE5A");
    assert_eq!(h(mac::mac(&session, &b("000010000100112233445520111221214822"))), "3A845BF0");
}

#[test]
fn published_purchase() {
    let session = mac::offline_session(&key(PUBLISHED), a("11223344"), 0, 1);
    assert_eq!(h(*session), "003238ABC57659DD");
    assert_eq!(h(mac::mac(&session, &b("000010000600112233445520120229135100"))), "F15CAB75");
    assert_eq!(h(mac::mac(&session, &b("00001000"))), "56988A13");
}

#[test]
fn published_single_key_line_mac() {
    assert_eq!(h(mac::line_single([0xFF; 8], &b("9EA0401A"), &b("04D6850E06AABB"))), "ED3A0133");
}

#[test]
fn whole_load() {
    let master = key("00112233445566778899AABBCCDDEEFF");
    let level_one = master.diversified(a("01013050FFFFFFFF"));
    assert_eq!(h(level_one.bytes()), "D1610E6B35E81FD736886FA80A22CA4E");
    let card = master.of_card(a("01013050FFFFFFFF"), a("1234567890123456"));
    assert_eq!(h(card.bytes()), "EA4A9EDB9DAEA3B0CD3657FEBF2B75FE");
    let session = mac::online_session(&card, a("C620857F"), 7);
    assert_eq!(h(*session), "2D2A7084DBE01D28");
    // Old balance 800, amount 5000.
    assert_eq!(h(mac::mac(&session, &b(&format!("000003200000138802{TERMINAL}")))), "0D9C915C");
    assert_eq!(h(mac::mac(&session, &b(&format!("0000138802{TERMINAL}{TIME}")))), "EA09C782");
    assert_eq!(h(*key(TAC).folded()), "8888888888888888");
    assert_eq!(h(mac::tac(&key(TAC), &b(&format!("000016A800070000138802{TERMINAL}{TIME}")))), "798FF1E0");
}

#[test]
fn whole_unload() {
    let session = mac::online_session(&key(UNLOAD), a("C620857F"), 8);
    assert_eq!(h(*session), "10F59E255B2E9A0A");
    assert_eq!(h(mac::mac(&session, &b(&format!("000016A8000003E803{TERMINAL}")))), "105A1B67");
    assert_eq!(h(mac::mac(&session, &b(&format!("000003E803{TERMINAL}{TIME}")))), "0BC33FA9");
    assert_eq!(h(mac::mac(&session, &b(&format!("000012C00008000003E803{TERMINAL}{TIME}")))), "F0FD22CB");
}

#[test]
fn whole_purchase() {
    let session = mac::offline_session(&key("3E3E3E3E3E3E3E3EE3E3E3E3E3E3E3E3"), a("C620857F"), 0x11, 0x42);
    assert_eq!(h(*session), "02D099F5EAAB0A51");
    assert_eq!(h(mac::mac(&session, &b(&format!("000000C806{TERMINAL}{TIME}")))), "F2416C21");
    assert_eq!(h(mac::mac(&session, &b("000000C8"))), "3ACF1A61");
    assert_eq!(h(mac::tac(&key(TAC), &b(&format!("000000C806{TERMINAL}00000042{TIME}")))), "4B7A7207");
    // The same money as a compound purchase (type 09), without and with the nine-byte security code.
    assert_eq!(h(mac::mac(&session, &b(&format!("000000C809{TERMINAL}{TIME}")))), "942C9F83");
    assert_eq!(h(mac::mac(&session, &b(&format!("000000C809{TERMINAL}{TIME}850102030405060708")))), "6D7D5E71");
}

#[test]
fn overdraft_update() {
    let session = mac::online_session(&key("3C3C3C3C3C3C3C3CC3C3C3C3C3C3C3C3"), a("C620857F"), 3);
    assert_eq!(h(mac::mac(&session, &b(&format!("0000032000032007{TERMINAL}")))), "216488A6");
    assert_eq!(h(mac::mac(&session, &b(&format!("0003E807{TERMINAL}{TIME}")))), "64394F2E");
    assert_eq!(h(mac::tac(&key(TAC), &b(&format!("000003E800030003E807{TERMINAL}{TIME}")))), "D0150D63");
}

#[test]
fn line_protection() {
    let challenge = b("A1B2C3D4");
    let line = |command: &str| h(mac::line(&key(LINE), &challenge, &b(command)));
    assert_eq!(line("04D695180820270101"), "B8F83DB3");
    assert_eq!(line("841E000004"), "A89AF1E7");
    assert_eq!(line("841E000104"), "4EBB6006");
    assert_eq!(line("8418000004"), "A5CEC840");
    assert_eq!(line("8416000004"), "CD5790DC");
    assert_eq!(h(mac::line_single([0x11; 8], &challenge, &b("04D695180820270101"))), "510012DF");
    assert_eq!(h(mac::line(&key(LINE), &b("A1B2C3D4E5F60718"), &b("04D695180820270101"))), "A7B8F948");
    assert_eq!(line("04B0951804"), "7F4F0D72");
    assert_eq!(line("20270101"), "EDB38C56");
}

#[test]
fn enciphered_lines() {
    let cipher = mac::encipher_line(&key(LINE), &b("20270101")).unwrap();
    let command = [b("04D695180C"), cipher.clone()].concat();
    assert_eq!(h(&cipher), "D6CAF2C24E0D6A52");
    assert_eq!(h(mac::line(&key(LINE), &b("A1B2C3D4"), &command)), "3A61B818");
    // PIN unblock: length, PIN and padding under the same kind of key.
    let pin = mac::encipher_line(&key(LINE), &b("123456")).unwrap();
    assert_eq!(h(&pin), "86E4F9FA768CB0D0");
    assert_eq!(h(mac::line(&key(LINE), &b("A1B2C3D4"), &[b("842400010C"), pin].concat())), "CD1BEDAC");
}

#[test]
fn authentication_and_pin_reload() {
    let external = key("3939393939393939A3A3A3A3A3A3A3A3");
    assert_eq!(h(encrypt(external.bytes(), a("A1B2C3D400000000"))), "6580D7EB4D82FDFC");
    assert_eq!(h(encrypt(external.bytes(), a("A1B2C3D4E5F60718"))), "C05E3BB9053E9870");
    // The reload MAC is made like a TAC, over the PIN alone.
    assert_eq!(h(mac::tac(&key("38383838383838384848484848484848"), &b("123456"))), "3DE8778F");
}

#[test]
fn deciphering_undoes_enciphering() {
    let block = a("0123456789ABCDEF");
    assert_eq!(decrypt_single([7; 8], crate::cipher::encrypt_single([7; 8], block)), block);
}

/// No public text says how a purse session follows from an SM4 key, so the key service refuses such cards. What is public is
/// the cipher, and how a card's key follows from the master key.
#[test]
fn of_sm4_only_cipher_and_diversification_are_public() {
    use sm4::{
        Sm4,
        cipher::{BlockCipherEncrypt, KeyInit},
    };
    let encrypt = |key: [u8; 16], block: [u8; 16]| {
        let mut block = block.into();
        Sm4::new(&key.into()).encrypt_block(&mut block);
        h(<[u8; 16]>::from(block))
    };
    let example = a("0123456789ABCDEFFEDCBA9876543210");
    assert_eq!(encrypt(example, example), "681EDF34D206965E86B3E94F536E4246");
    let serial: [u8; 8] = a("1234567890123456");
    let both = [serial, serial.map(|byte| !byte)].concat().try_into().unwrap();
    assert_eq!(encrypt(a("00112233445566778899AABBCCDDEEFF"), both), "59D63AD35510C90CD85BDE9133893051");
}
