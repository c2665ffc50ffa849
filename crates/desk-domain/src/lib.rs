//! The rules of a citizen-card counter: money, identifiers, documents, rule sets, cases and message codes.
//!
//! Nothing in this crate performs IO, reads a clock or draws randomness; everything that varies comes in as an
//! argument. No city is named here: a card programme is data (see [`ruleset`]).

pub mod advice;
pub mod age;
pub mod application;
pub mod authorise;
pub mod bank_function;
pub mod capitals;
pub mod card;
pub mod case;
pub mod cash;
pub mod centre_act;
pub mod claim;
pub mod closing;
pub mod code;
pub mod courier;
pub mod document;
pub mod eligibility;
pub mod fee;
pub mod first_issue;
pub mod found;
pub mod function;
pub mod hours;
pub mod id;
pub mod inquiry;
pub mod issuer;
pub mod journal;
pub mod loss;
pub mod mask;
pub mod money;
pub mod mrz;
pub mod normalise;
pub mod offline;
pub mod password_reset;
pub mod person;
pub mod photo;
pub mod pin;
pub mod posting;
pub mod privacy;
pub mod purse;
pub mod read_document;
pub mod reader_health;
pub mod refund;
pub mod refund_unreadable;
pub mod reissue;
pub mod replacement;
pub mod ruleset;
pub mod self_service;
pub mod staff;
pub mod text_codes;
pub mod top_up;
pub mod trail;
pub mod unit;
pub mod validation;
pub mod validity;
