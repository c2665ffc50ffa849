//! The card's own cryptography and command set against published and own vectors, apart from the issuer's.

use crate::{
    card::{SimCard, binary, cyclic, new_key},
    crypto::{CardKey, card_key, offline_session, online_session, short_mac, word},
    memory::{Block, KeyUse, Life, Purse, PurseMacRule, Switches, UnloadRule, WriteRule},
};

fn b(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text).unwrap()
}

fn h(bytes: impl AsRef<[u8]>) -> String {
    hex::encode_upper(bytes)
}

fn key(hex_text: &str) -> CardKey {
    CardKey::from_bytes(&b(hex_text)).unwrap()
}

const NAME: &str = "A000000632010105";
const RANDOM: &str = "C620857F";

/// A card with the keys of the vectors.
fn card(balance: u32, online: u16, offline: u16) -> SimCard {
    let master = key("00112233445566778899AABBCCDDEEFF");
    let load = match card_key(master, word(&b("01013050FFFFFFFF")), word(&b("1234567890123456"))) {
        CardKey::Double(left, right) => [left.to_be_bytes(), right.to_be_bytes()].concat(),
        CardKey::Single(_) => panic!("a card key has two halves"),
    };
    let line = b("11111111111111112222222222222222");
    let switches = Switches { unload: UnloadRule::Purse(1), ..Switches::default() };
    let mut card = SimCard::of(
        b(NAME),
        vec![
            binary(0x15, vec![0; 30], WriteRule::Mac { key: 0 }),
            binary(0x16, vec![0; 30], WriteRule::EncipheredMac { key: 0 }),
            cyclic(0x18, 23, 10),
        ],
        vec![
            new_key(KeyUse::Load, 1, load),
            new_key(KeyUse::Unload, 1, b("0F1E2D3C4B5A69788796A5B4C3D2E1F0")),
            new_key(KeyUse::Purchase, 1, b("3E3E3E3E3E3E3E3EE3E3E3E3E3E3E3E3")),
            new_key(KeyUse::Overdraft, 1, b("3C3C3C3C3C3C3C3CC3C3C3C3C3C3C3C3")),
            new_key(KeyUse::Tac, 1, b("FFEEDDCCBBAA99887766554433221100")),
            new_key(KeyUse::Maintenance, 0, line.clone()),
            new_key(KeyUse::PinUnblock, 1, line),
            new_key(KeyUse::PinReload, 0, b("38383838383838384848484848484848")),
            new_key(KeyUse::External, 0, b("3939393939393939A3A3A3A3A3A3A3A3")),
            new_key(KeyUse::Pin, 0, b("9999")),
        ],
        Some(Purse { number: 2, balance, limit: 0, online, offline }),
        switches,
        &[1; 8],
    );
    card.power_on();
    assert!(say(&mut card, "00A4040008A00000063201010500").ends_with("9000"));
    card
}

fn say(card: &mut SimCard, command: &str) -> String {
    h(card.apdu(&b(command)))
}

/// Gives the card its next random number, then speaks.
fn say_with(card: &mut SimCard, random: &str, command: &str) -> String {
    card.force_random(&b(random));
    say(card, command)
}

#[test]
fn published_sessions_and_macs() {
    let published = key("11223344556677888877665544332211");
    let load = online_session(published, 0x1122_3344, 0);
    assert_eq!(load, 0x9B1D_924E_0559_5603);
    assert_eq!(h(short_mac(load, &b("000000000000100001001122334455"))), "2988AE5A");
    assert_eq!(h(short_mac(load, &b("000010000100112233445520111221214822"))), "3A845BF0");
    let pay = offline_session(published, 0x1122_3344, 0, 1);
    assert_eq!(pay, 0x0032_38AB_C576_59DD);
    assert_eq!(h(short_mac(pay, &b("000010000600112233445520120229135100"))), "F15CAB75");
    assert_eq!(h(short_mac(pay, &b("00001000"))), "56988A13");
    assert_eq!(h(CardKey::Single(u64::MAX).line_mac(&b("9EA0401A"), &b("04D6850E06AABB"))), "ED3A0133");
    assert_eq!(h(key("1111111111111111").line_mac(&b("A1B2C3D4"), &b("04D695180820270101"))), "510012DF");
    assert_eq!(key("FFEEDDCCBBAA99887766554433221100").folded(), 0x8888_8888_8888_8888);
}

#[test]
fn keys_of_the_whole_load_and_unload() {
    let double = |key: CardKey| match key {
        CardKey::Double(left, right) => format!("{left:016X}{right:016X}"),
        CardKey::Single(key) => format!("{key:016X}"),
    };
    let (master, issuer) = (key("00112233445566778899AABBCCDDEEFF"), word(&b("01013050FFFFFFFF")));
    let level_one = CardKey::Double(master.encipher(issuer), master.encipher(!issuer));
    assert_eq!(double(level_one), "D1610E6B35E81FD736886FA80A22CA4E");
    let load = card_key(master, issuer, word(&b("1234567890123456")));
    assert_eq!(double(load), "EA4A9EDB9DAEA3B0CD3657FEBF2B75FE");
    assert_eq!(online_session(load, 0xC620_857F, 7), 0x2D2A_7084_DBE0_1D28);
    assert_eq!(online_session(key("0F1E2D3C4B5A69788796A5B4C3D2E1F0"), 0xC620_857F, 8), 0x10F5_9E25_5B2E_9A0A);
}

/// An SM4 card's purse is invented wherever one is played: public are the cipher and the card's key alone.
#[test]
fn of_sm4_only_cipher_and_diversification_are_public() {
    use cipher::{BlockCipherEncrypt, KeyInit};
    let encrypt = |key: &str, text: &str| {
        let mut block = <[u8; 16]>::try_from(b(text)).unwrap().into();
        sm4::Sm4::new_from_slice(&b(key)).unwrap().encrypt_block(&mut block);
        h(block)
    };
    let example = "0123456789ABCDEFFEDCBA9876543210";
    assert_eq!(encrypt(example, example), "681EDF34D206965E86B3E94F536E4246");
    let card = "1234567890123456EDCBA9876FEDCBA9";
    assert_eq!(encrypt("00112233445566778899AABBCCDDEEFF", card), "59D63AD35510C90CD85BDE9133893051");
}

#[test]
fn whole_load() {
    let mut card = card(800, 7, 0);
    let opened = say_with(&mut card, RANDOM, "805000020B0100001388305000000001" /* Le */);
    assert_eq!(opened, "0000032000070100C620857F0D9C915C9000");
    assert_eq!(say(&mut card, "805200000B20250102030405EA09C78204"), "798FF1E09000");
    assert_eq!(say(&mut card, "805A000202000808"), "00000000798FF1E09000");
    // The counter before it is not answered: it would be the load before this one.
    assert_eq!(say(&mut card, "805A000202000708"), "9406");
    assert_eq!(say(&mut card, "00B201C417"), "00080000000000138802305000000001202501020304059000");
    assert_eq!(say(&mut card, "00B202C417"), "6A83");
    assert_eq!((card.balance(), card.counters()), (Some(5800), Some((8, 0))));
}

#[test]
fn whole_unload() {
    let mut card = card(0x16A8, 8, 0);
    let opened = say_with(&mut card, RANDOM, "805005010B01000003E830500000000110");
    assert_eq!(opened, "000016A800080100C620857F105A1B679000");
    assert_eq!(say(&mut card, "805403000B202501020304050BC33FA904"), "F0FD22CB9000");
    assert_eq!(say(&mut card, "805A000302000908"), "F0FD22CB000000009000");
    assert_eq!(card.balance(), Some(0x12C0));
}

#[test]
fn whole_purchase() {
    let mut card = card(5000, 0, 0x11);
    let opened = say_with(&mut card, RANDOM, "805001020B01000000C83050000000010F");
    assert_eq!(opened, "0000138800110000000100C620857F9000");
    let answer = say(&mut card, "805401000F0000004220250102030405F2416C2108");
    assert_eq!(answer, "4B7A72073ACF1A619000");
    assert_eq!(say(&mut card, "805A000602001208"), "3ACF1A614B7A72079000");
    assert_eq!((card.balance(), card.counters()), (Some(4800), Some((0, 0x12))));
}

#[test]
fn overdraft_update() {
    let mut card = card(0x320, 3, 0);
    card.memory.application.purse.as_mut().unwrap().limit = 0x320;
    let opened = say_with(&mut card, RANDOM, "805004010701305000000001" /* no Le */);
    assert_eq!(opened, "0000032000030003200100C620857F216488A69000");
    assert_eq!(say(&mut card, "805800000E0003E82025010203040564394F2E04"), "D0150D639000");
    assert_eq!(say(&mut card, "805C010204"), "000003E89000");
}

#[test]
fn line_protection() {
    let mut card = card(0, 0, 0);
    assert_eq!(say_with(&mut card, "A1B2C3D4", "0084000004"), "A1B2C3D49000");
    assert_eq!(say(&mut card, "04D695180820270101B8F83DB3"), "9000");
    assert_eq!(say(&mut card, "00B0951804"), "202701019000");
    say_with(&mut card, "A1B2C3D4E5F60718", "0084000008");
    assert_eq!(say(&mut card, "04D695180820270101A7B8F948"), "9000");
    // The same again has no challenge; with another challenge the MAC is wrong; plain is not let in.
    assert_eq!(say(&mut card, "04D695180820270101A7B8F948"), "6984");
    say_with(&mut card, "00000000", "0084000004");
    assert_eq!(say(&mut card, "04D695180820270101B8F83DB3"), "6988");
    assert_eq!(say(&mut card, "00D695180420270101"), "6900");
}

#[test]
fn a_challenge_lives_for_one_command() {
    let mut card = card(0, 0, 0);
    say_with(&mut card, "A1B2C3D4", "0084000004");
    say(&mut card, "805C000204");
    assert_eq!(say(&mut card, "04D695180820270101B8F83DB3"), "6984");
}

#[test]
fn the_third_wrong_line_mac_kills_the_application() {
    let mut card = card(0, 0, 0);
    for expected in ["6988", "6988", "9303"] {
        say(&mut card, "0084000004");
        assert_eq!(say(&mut card, "04D69518082027010100000000"), expected);
    }
    assert_eq!(card.memory.application.block, Block::Permanent);
    assert_eq!(say(&mut card, "00A4040008A00000063201010500"), "9303");
}

#[test]
fn enciphered_update() {
    let mut card = card(0, 0, 0);
    // The published command names file 15; there it is enciphered on this card.
    card.memory.application.files.swap(0, 1);
    card.memory.application.files.iter_mut().for_each(|file| file.sfi = if file.sfi == 0x16 { 0x15 } else { file.sfi + 1 });
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "04D695180CD6CAF2C24E0D6A523A61B818"), "9000");
    assert_eq!(say(&mut card, "00B0951804"), "202701019000");
}

#[test]
fn block_and_unblock() {
    let mut card = card(0, 0, 0);
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "841E000004A89AF1E7"), "9000");
    assert_eq!(say(&mut card, "805C000204"), "6985");
    assert!(say(&mut card, "00A4040008A00000063201010500").ends_with("6A81"));
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "8418000004A5CEC840"), "9000");
    assert!(say(&mut card, "00A4040008A00000063201010500").ends_with("9000"));
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "841E0001044EBB6006"), "9000");
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "8416000004CD5790DC"), "9000");
    assert_eq!(card.memory.life, Life::Blocked);
    assert_eq!(say(&mut card, "00A4040008A00000063201010500"), "6A81");
}

#[test]
fn authentication_and_pins() {
    let mut card = card(0, 0, 0);
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "00820000086580D7EB4D82FDFC"), "9000");
    say_with(&mut card, "A1B2C3D4E5F60718", "0084000008");
    assert_eq!(say(&mut card, "0082000008C05E3BB9053E9870"), "9000");
    assert_eq!(say(&mut card, "0082000008C05E3BB9053E9870"), "6984");
    assert_eq!(say(&mut card, "00200000021234"), "63C2");
    assert_eq!(say(&mut card, "805E0000071234563DE8778F"), "9000");
    assert_eq!(say(&mut card, "0020000003123456"), "9000");
    for expected in ["63C2", "63C1", "63C0", "6983"] {
        assert_eq!(say(&mut card, "00200000020000"), expected);
    }
    say_with(&mut card, "A1B2C3D4", "0084000004");
    assert_eq!(say(&mut card, "842400010C86E4F9FA768CB0D0CD1BEDAC"), "9000");
    assert_eq!(say(&mut card, "0020000003123456"), "9000");
}

#[test]
fn only_the_next_purse_command_keeps_the_purse_open() {
    let open = "805005010B01000003E830500000000110";
    let commit = "805403000B202501020304050BC33FA904";
    for (between, keeps) in [
        ("805C000204", true),
        ("805A000202000808", false), // no proof there: an error closes the purse
        ("00B0950008", false),
        ("0084000004", false),
        ("00200000029999", false),
        ("00A4040008A00000063201010500", false),
    ] {
        let mut card = card(0x16A8, 8, 0);
        say_with(&mut card, RANDOM, open);
        say(&mut card, between);
        let answer = say(&mut card, commit);
        assert_eq!(answer, if keeps { "F0FD22CB9000" } else { "6901" }, "{between}");
    }
}

#[test]
fn a_wrong_mac_moves_nothing_and_is_spent() {
    let mut card = card(0x16A8, 8, 0);
    card.switches_mut().purse_mac = PurseMacRule::Counted;
    for expected in ["9302", "9302", "6985"] {
        say_with(&mut card, RANDOM, "805005010B01000003E830500000000110");
        assert_eq!(say(&mut card, "805403000B20250102030405FFFFFFFF04"), expected);
        assert_eq!((card.balance(), card.counters()), (Some(0x16A8), Some((8, 0))));
    }
    assert_eq!(card.memory.application.block, Block::Temporary);
}

#[test]
fn power_loss_forgets_the_session_and_keeps_the_memory() {
    let mut card = card(0x16A8, 8, 0);
    say_with(&mut card, RANDOM, "805005010B01000003E830500000000110");
    card.power_off();
    assert_eq!(say(&mut card, "805403000B202501020304050BC33FA904"), "");
    let text = serde_json::to_string(&card).unwrap();
    let mut back: SimCard = serde_json::from_str(&text).unwrap();
    assert_eq!(back.memory, card.memory);
    back.power_on();
    assert_eq!(say(&mut back, "805403000B202501020304050BC33FA904"), "6985");
    say(&mut back, "00A4040008A00000063201010500");
    assert_eq!(say(&mut back, "805403000B202501020304050BC33FA904"), "6901");
}

#[test]
fn counters_and_balances_have_ends() {
    let mut full = card(1000, u16::MAX, 0);
    assert_eq!(say(&mut full, "805005010B01000003E830500000000110"), "9402");
    let mut poor = card(999, 0, 0);
    assert_eq!(say(&mut poor, "805005010B01000003E830500000000110"), "9401");
    assert_eq!(say(&mut poor, "805005020B01000003E730500000000110"), "6A86");
    assert_eq!(say(&mut poor, "805005010B02000003E730500000000110"), "9403");
    assert_eq!(say(&mut poor, "805000020B017FFFFFFF30500000000110"), "6985");
}

#[test]
fn the_published_atr_has_its_check_byte() {
    let mut card = card(0, 0, 0);
    card.memory.uid = [0, 0, 0, 1];
    assert_eq!(h(card.atr()), "3B8B80012090000000000000000001BB");
}

proptest::proptest! {
    #[test]
    fn hostile_commands_never_panic_the_card(commands: Vec<Vec<u8>>) {
        let mut card = card(5000, 1, 1);
        for command in commands {
            let answer = card.apdu(&command);
            proptest::prop_assert!(answer.len() >= 2);
        }
    }

    #[test]
    fn hostile_bodies_never_panic_the_card(ins in 0u8..=255, p1: u8, p2: u8, data: Vec<u8>) {
        let mut card = card(5000, 1, 1);
        for cla in [0x00, 0x04, 0x80, 0x84] {
            let mut command = vec![cla, ins, p1, p2, u8::try_from(data.len()).unwrap_or(0)];
            command.extend(&data);
            proptest::prop_assert!(card.apdu(&command).len() >= 2);
        }
    }
}
