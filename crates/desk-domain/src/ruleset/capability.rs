//! What an outlet can be allowed to do, by neutral names that rule files use.

use serde::{Deserialize, Serialize};

use crate::case::Service;

macro_rules! capabilities {
    ($($variant:ident, $name:literal;)*) => {
        /// A capability of an outlet or a service of a programme; its name is the one that rule files write.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Capability {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl Capability {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

capabilities! {
    CardQuery, "card.query";
    CardIssueStatus, "card.issue_status";
    CardApply, "card.apply";
    CardReissue, "card.reissue";
    CardReplace, "card.replace";
    CardReplaceQuality, "card.replace_quality";
    CardReplaceInformation, "card.replace_information";
    PurseRefund, "purse.refund";
    PurseRefundUnreadable, "purse.refund_unreadable";
    PursePayout, "purse.payout";
    PurseTopUp, "purse.top_up";
    PurseTransfer, "purse.transfer";
    CardRewrite, "card.rewrite";
    CardValidate, "card.validate";
    LossTemporary, "loss.temporary";
    LossFormal, "loss.formal";
    LossRelease, "loss.release";
    PasswordReset, "password.reset";
    GuardianPhone, "guardian.phone";
    SmsDiagnosis, "sms.diagnosis";
    UnitBatch, "unit.batch";
    CardReturn, "card.return";
    CardPickUp, "card.pick_up";
    CardSendAgain, "card.send_again";
    CardUncollected, "card.uncollected";
    CardFound, "card.found";
    CardFoundReturn, "card.found_return";
    CardBag, "card.bag";
    StockBlank, "stock.blank";
    CaseReverse, "case.reverse";
}

impl Capability {
    /// The capability of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|capability| capability.as_str() == name)
    }
}

impl From<Service> for Capability {
    fn from(service: Service) -> Self {
        match service {
            Service::CardQuery => Self::CardQuery,
            Service::Application => Self::CardApply,
            Service::PickUp => Self::CardPickUp,
            Service::SendAgain => Self::CardSendAgain,
            Service::Uncollected => Self::CardUncollected,
            Service::CardReturn => Self::CardReturn,
            Service::ReissueLost => Self::CardReissue,
            Service::ReplaceDamaged => Self::CardReplace,
            Service::ReplaceFaulty => Self::CardReplaceQuality,
            Service::RefundReadable => Self::PurseRefund,
            Service::RefundUnreadable => Self::PurseRefundUnreadable,
            Service::RefundDue => Self::PursePayout,
            Service::TopUp => Self::PurseTopUp,
            Service::Validation => Self::CardValidate,
            Service::PasswordReset => Self::PasswordReset,
            Service::FirstIssue => Self::CardIssueStatus,
            Service::TemporaryLoss => Self::LossTemporary,
            Service::FormalLoss => Self::LossFormal,
            Service::LossRelease => Self::LossRelease,
            Service::SmsDiagnosis => Self::SmsDiagnosis,
            Service::BadCard => Self::CardBag,
            Service::BlankStock => Self::StockBlank,
            Service::FoundCard => Self::CardFound,
            Service::FoundCardBack => Self::CardFoundReturn,
            Service::GuardianPhone => Self::GuardianPhone,
            Service::Rewrite => Self::CardRewrite,
            Service::Reversal => Self::CaseReverse,
            Service::UnitBatch => Self::UnitBatch,
        }
    }
}
