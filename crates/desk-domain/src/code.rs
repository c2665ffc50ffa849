//! The catalogue of message codes: refusals, referrals, warnings, errors. One row each, and no code without its text,
//! cause and remedy: the macro takes none with less.

use serde::{Deserialize, Serialize};

/// What a code means for the case at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Cannot go on.
    Refuse,
    /// Somebody else does it; a slip is printed.
    Refer,
    /// May go on after reading.
    Warn,
    Info,
    /// Goes to the exception list.
    Exception,
}

macro_rules! catalogue {
    ($($variant:ident, $code:literal, $kind:ident, $text:literal, $cause:literal, $remedy:literal;)*) => {
        /// A stable message code. Its parameters (`{…}` in the text) come with the [`Message`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[serde(rename = $code)] $variant,)*
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// Chinese text with `{parameters}`.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Why this happens, in the clerk's words.
            #[must_use]
            pub fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause,)* }
            }

            /// What the clerk does next.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

/// A code with its parameters, and for a refusal by rule the rule's id and its original phrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub code: Code,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
}

/// Where a refusal comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    pub id: String,
    /// The phrase of the notice, as printed.
    pub phrase: String,
}

impl Message {
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            params: Vec::new(),
            rule: None,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }

    #[must_use]
    pub fn by_rule(mut self, id: &str, phrase: &str) -> Self {
        self.rule = Some(RuleRef {
            id: id.to_owned(),
            phrase: phrase.to_owned(),
        });
        self
    }

    /// The text with its parameters filled in.
    #[must_use]
    pub fn text(&self) -> String {
        self.params
            .iter()
            .fold(self.code.text().to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
    }
}

catalogue! {
    ActiveCardExists, "ACTIVE_CARD_EXISTS", Refuse, "该学生已有有效卡 {masked}，如遗失或损坏请办理补换卡。", "", "";
    AgentBothOriginals, "AGENT_BOTH_ORIGINALS", Refuse, "代办须出示双方有效身份证件原件。", "", "";
    AgeMismatch, "AGE_MISMATCH", Refuse, "年龄与证件或业务条件不符。", "", "";
    AlreadyValidated, "ALREADY_VALIDATED", Info, "已增效，有效期至 {date}，无需重复。", "", "";
    ApplicantNotAllowed, "APPLICANT_NOT_ALLOWED", Refuse, "现场补换卡须学生本人或家长办理；也可微信补卡。", "", "";
    AskingServer, "ASKING_SERVER", Info, "正在查询上笔结果，请勿重复操作。", "", "";
    BalanceUnknown, "BALANCE_UNKNOWN", Refuse, "余额无法读取，请先登记不可读退值。", "", "";
    BankLossOpen, "BANK_LOSS_OPEN", Warn, "金融功能尚未挂失，请联系 {bank} {hotline}。", "", "";
    BankNotCooperating, "BANK_NOT_COOPERATING", Refuse, "该银行不是合作银行。", "", "";
    BankNoForbidden, "BANK_NO_FORBIDDEN", Refuse, "备注中不得录入银行账号。", "", "";
    BenefitWarning, "BENEFIT_WARNING", Warn, "待遇发放账户将变更，请尽快激活新卡金融功能。", "", "";
    BlacklistStale, "BLACKLIST_STALE", Refuse, "黑名单已 {h} 小时未更新，停止写卡。", "", "";
    CardBlacklisted, "CARD_BLACKLISTED", Refuse, "该卡已列入黑名单，不能办理。", "", "";
    CardIsPresent, "CARD_IS_PRESENT", Refuse, "卡片在场，不应办理遗失补卡。", "", "";
    CardMovedOn, "CARD_MOVED_ON", Refuse, "卡内已有新交易，不能冲正。", "", "";
    CardNotPresent, "CARD_NOT_PRESENT", Refuse, "解挂须持原卡到场。", "", "";
    CardNoIllegible, "CARD_NO_ILLEGIBLE", Refuse, "卡号无法辨认，不能受理。", "", "";
    CardReplaced, "CARD_REPLACED", Refuse, "该卡已补办作废，新卡尾号 {tail}，请收回旧卡。", "", "";
    CashDiff, "CASH_DIFF", Exception, "现金{长/短}款 {x} 元，请登记原因。", "", "";
    CauseConflict, "CAUSE_CONFLICT", Refuse, "已勾选人为损坏，不能按质量问题免费。", "", "";
    ClockUntrusted, "CLOCK_UNTRUSTED", Refuse, "系统时间异常，禁止增效。", "", "";
    CodeOnlyToRegistered, "CODE_ONLY_TO_REGISTERED", Refuse, "验证码只能发送至预留号码。", "", "";
    ConfirmOnlyWechat, "CONFIRM_ONLY_WECHAT", Refer, "请由学生或监护人在微信确认（两种入口见指引单）。", "", "";
    ConfirmWindowClosed, "CONFIRM_WINDOW_CLOSED", Refuse, "确认时间已过，请联系学校处理。", "", "";
    ConsentRequired, "CONSENT_REQUIRED", Refuse, "须经本人同意。", "", "";
    CourierNotSelected, "COURIER_NOT_SELECTED", Info, "未选择邮寄，快递费 0.00 元。", "", "";
    DeviceFail, "DEVICE_FAIL", Refuse, "{device} 故障。", "", "";
    DeviceRollback, "DEVICE_ROLLBACK", Exception, "本机流水异常，已停用，请联系主管。", "", "";
    DirectOutletOnly, "DIRECT_OUTLET_ONLY", Refer, "退值须到市民卡直营网点办理：{list}。", "", "";
    DocForForeignersOnly, "DOC_FOR_FOREIGNERS_ONLY", Refuse, "护照/永居证仅限外籍人员。", "", "";
    DocForHmtOnly, "DOC_FOR_HMT_ONLY", Refuse, "该证件仅限港澳台人员。", "", "";
    DocNotAccepted, "DOC_NOT_ACCEPTED", Refuse, "该证件不符合要求，可接受：{list}（原件）。", "", "";
    EcardSameStatus, "ECARD_SAME_STATUS", Info, "实体卡挂失后电子社保卡状态相同。", "", "";
    EmsCollect, "EMS_COLLECT", Info, "EMS到付，柜面不收邮费。", "", "";
    ExportForbidden, "EXPORT_FORBIDDEN", Refuse, "无业务办理依据，不得查询或导出学生信息。", "", "";
    FeeFixed, "FEE_FIXED", Refuse, "收费标准为 {fee} 元，不可修改。（SZ 20.00 元/张；CZ 免费）", "", "";
    FinExpired, "FIN_EXPIRED", Warn, "金融功能已到期，不能办理线下有卡交易，其他功能不受影响。", "", "";
    FinExpiring, "FIN_EXPIRING", Warn, "金融功能将于 {date} 到期，建议换卡。", "", "";
    FinNotActive, "FIN_NOT_ACTIVE", Warn, "金融功能未激活，影响挂失补卡、缴费和领取待遇，请本人持证、卡到 {bank} 激活。", "", "";
    FloatDiffers, "FLOAT_DIFFERS", Warn, "备用金与系统不符，差 {x} 元。", "", "";
    FormalLossFirst, "FORMAL_LOSS_FIRST", Refuse, "请先办理正式挂失。", "", "";
    GuardianRequired, "GUARDIAN_REQUIRED", Refuse, "密码重置须由监护人办理。", "", "";
    HandoverNotValidated, "HANDOVER_NOT_VALIDATED", Warn, "新卡尚未增效，是否立即增效？", "", "";
    HolderInPerson, "HOLDER_IN_PERSON", Refuse, "须持卡人本人办理。", "", "";
    HolidayClosed, "HOLIDAY_CLOSED", Refuse, "法定节假日休息，{date} 恢复营业。", "", "";
    HolidayNoticeNeeded, "HOLIDAY_NOTICE_NEEDED", Warn, "节假日营业时间以通知为准，尚未录入。", "", "";
    HotlineClosed, "HOTLINE_CLOSED", Refer, "热线 9:00 开始接听。", "", "";
    HrMigrationPending, "HR_MIGRATION_PENDING", Exception, "人社功能平移未完成，系统将继续处理。", "", "";
    HukouNotAccepted, "HUKOU_NOT_ACCEPTED", Refuse, "户口簿仅限不满16周岁且未办理身份证的申请人。", "", "";
    IdentityRequired, "IDENTITY_REQUIRED", Refuse, "请出示学生证件原件，或向学校咨询E卡通号。", "", "";
    IdBirthInvalid, "ID_BIRTH_INVALID", Refuse, "证件号中出生日期无效。", "", "";
    IdChecksum, "ID_CHECKSUM", Refuse, "身份证号校验位错误。", "", "";
    IdExpired, "ID_EXPIRED", Refuse, "身份证已于 {date} 到期，请换证或持临时身份证。", "", "";
    IncompleteTrip, "INCOMPLETE_TRIP", Refuse, "有未完成行程，请先更新。", "", "";
    InProduction, "IN_PRODUCTION", Info, "制卡中，最迟 {date} 前完成。", "", "";
    KeySourceInvalid, "KEY_SOURCE_INVALID", Refuse, "密钥来源不合规，设备已停用写卡功能。", "", "";
    LibraryLoanOpen, "LIBRARY_LOAN_OPEN", Refuse, "该卡尚有未还图书，请先归还后再办理退卡。", "", "";
    LossByFunction, "LOSS_BY_FUNCTION", Refuse, "请分别办理人社、金融功能挂失。", "", "";
    LossNotSynced, "LOSS_NOT_SYNCED", Exception, "银行已挂失，人社状态未同步，请勿离开/稍后查询。", "", "";
    LunchBreak, "LUNCH_BREAK", Warn, "{time} 恢复办理。", "", "";
    NameDiffers, "NAME_DIFFERS", Warn, "姓名与登记不一致，请核对。", "", "";
    NameMismatch, "NAME_MISMATCH", Refer, "姓名与登记信息不一致，请联系学校核对（生僻字/间隔号）。", "", "";
    NotAtCounter, "NOT_AT_COUNTER", Refer, "新生信息由家长微信录入、学校提交，柜面不能新增或修改，请联系学校。", "", "";
    NotConfirmed, "NOT_CONFIRMED", Refuse, "信息未确认，不能制卡。请按指引在微信完成确认。", "", "";
    NotEligibleFirstIssue, "NOT_ELIGIBLE_FIRST_ISSUE", Refuse, "首次发卡仅限一年级新生及外地来苏义务教育阶段未领卡学生。", "", "";
    NotStudentCard, "NOT_STUDENT_CARD", Refuse, "不是学生卡，无需增效。", "", "";
    NotSubmitted, "NOT_SUBMITTED", Refuse, "未收到学校提交的信息，请联系学校。", "", "";
    NotValidated, "NOT_VALIDATED", Warn, "未增效/已过期，点 F2 立即增效。", "", "";
    NoChangeNeeded, "NO_CHANGE_NEEDED", Info, "省内转移无需换卡。", "", "";
    NoContactless, "NO_CONTACTLESS", Refer, "该卡为旧版社保卡，无非接功能；可免费换领一卡通。", "", "";
    NoEcardNo, "NO_ECARD_NO", Refer, "无E卡通号，请向学校咨询。", "", "";
    NoIdOnRecord, "NO_ID_ON_RECORD", Refer, "系统无身份证号，无法设置初始密码，请联系学校。", "", "";
    NoLongerEntitled, "NO_LONGER_ENTITLED", Refuse, "学生已毕业/离校，不能增效。", "", "";
    NoTransitPassword, "NO_TRANSIT_PASSWORD", Refuse, "交通账户不记名、无密码。", "", "";
    OfflineOnly, "OFFLINE_ONLY", Refuse, "换卡须到社保卡服务网点线下办理。", "", "";
    OldCardRequired, "OLD_CARD_REQUIRED", Refuse, "免费更换须交回原卡。", "", "";
    OnlineFirstOnly, "ONLINE_FIRST_ONLY", Refer, "已有省社保卡，须线下换领。", "", "";
    OnlineOnly, "ONLINE_ONLY", Refuse, "充值须联网。", "", "";
    OpenCases, "OPEN_CASES", Refuse, "尚有 {n} 笔未完业务。", "", "";
    OriginalRequired, "ORIGINAL_REQUIRED", Refuse, "须出示学生身份证原件或户口簿原件，复印件/照片无效。", "", "";
    OutletNotAuthorized, "OUTLET_NOT_AUTHORIZED", Refuse, "本网点未开通该业务，最近可办网点：{list}。", "", "";
    OutsideHours, "OUTSIDE_HOURS", Refuse, "本网点当前不在营业时间，下次营业 {time}。", "", "";
    OverdraftFirst, "OVERDRAFT_FIRST", Refuse, "已透支 {x} 元，请先补足", "", "";
    PhoneViaSchool, "PHONE_VIA_SCHOOL", Refer, "预留手机号缺失或已停用，须先由学校添加/修改第一监护人联系方式。", "", "";
    PhotoBackground, "PHOTO_BACKGROUND", Refuse, "背景须为纯白色。", "", "";
    PhotoClothes, "PHOTO_CLOTHES", Refuse, "不得穿制式服装或白色上衣。", "", "";
    PhotoDepth, "PHOTO_DEPTH", Refuse, "照片须为24位真彩色。", "", "";
    PhotoDimension, "PHOTO_DIMENSION", Refuse, "须为358×441像素。", "", "";
    PhotoDpi, "PHOTO_DPI", Warn, "分辨率须为350dpi，已自动更正。", "", "";
    PhotoGlasses, "PHOTO_GLASSES", Refuse, "常戴眼镜者应配戴眼镜。", "", "";
    PhotoNotColor, "PHOTO_NOT_COLOR", Refuse, "照片须为彩色。", "", "";
    PhotoNotJpeg, "PHOTO_NOT_JPEG", Refuse, "仅支持JPG格式。", "", "";
    PhotoOnFile, "PHOTO_ON_FILE", Info, "系统已有照片，无需提供。", "", "";
    PhotoQuality, "PHOTO_QUALITY", Refuse, "人像须清晰、自然、无畸变。", "", "";
    PhotoRequired, "PHOTO_REQUIRED", Refuse, "满7周岁须上传照片。", "", "";
    PhotoSize, "PHOTO_SIZE", Refuse, "照片大小须为15～100K，当前 {n}K。", "", "";
    PreviousDayOpen, "PREVIOUS_DAY_OPEN", Refuse, "{date} 尚未日结。", "", "";
    ProductionOverdue, "PRODUCTION_OVERDUE", Exception, "已超承诺期限，已登记催办，单号 {no}。", "", "";
    ProfileMismatch, "PROFILE_MISMATCH", Refuse, "该卡不属于本发卡方案，已切换/不予受理。", "", "";
    ProvincialCardExists, "PROVINCIAL_CARD_EXISTS", Refuse, "省内一人一卡，已有社保卡，可办理换领。", "", "";
    PurposeRequired, "PURPOSE_REQUIRED", Refuse, "请选择查询事由，无业务依据不得查询。", "", "";
    PurseCap, "PURSE_CAP", Refuse, "余额上限1000元，本次最多可充 {x} 元。", "", "";
    QualityNotProven, "QUALITY_NOT_PROVEN", Refuse, "卡片可正常读取，不符合质量问题免费条件。", "", "";
    QueryTooWide, "QUERY_TOO_WIDE", Refuse, "请刷卡、读证，或输入完整证件号/卡号。", "", "";
    ReasonRequired, "REASON_REQUIRED", Refuse, "补换卡仅限遗失或损坏。", "", "";
    ReferBank, "REFER_BANK", Refer, "请联系 {bank} {hotline} 或到其网点办理。", "", "";
    ReferDestination, "REFER_DESTINATION", Refer, "请按转入地规定办理。", "", "";
    RefundFirst, "REFUND_FIRST", Refuse, "交通余额 {x} 元，请先到直营网点退值再换卡。", "", "";
    ReissueInProgress, "REISSUE_IN_PROGRESS", Refuse, "该学生已有微信补卡订单 {no}，不得重复办理。", "", "";
    ReleaseForbidden, "RELEASE_FORBIDDEN", Refuse, "已补办并启用新卡，原卡不能解挂。", "", "";
    ReleaseOriginalChannel, "RELEASE_ORIGINAL_CHANNEL", Refer, "请通过原挂失途径（{channel}）办理解挂。", "", "";
    RemoteTrips, "REMOTE_TRIPS", Info, "近期有异地乘车，余额以清算为准。", "", "";
    ReplaceAdvised, "REPLACE_ADVISED", Warn, "发卡已近/已满10年，建议及时换卡。", "", "";
    RevealReasonRequired, "REVEAL_REASON_REQUIRED", Refuse, "请选择查看理由。", "", "";
    ReversalNotLatest, "REVERSAL_NOT_LATEST", Refuse, "不是该卡最后一笔业务，不能冲正。", "", "";
    ReversalNotOwn, "REVERSAL_NOT_OWN", Refuse, "非本人经办业务，须主管处理。", "", "";
    ReversalNotSameDay, "REVERSAL_NOT_SAME_DAY", Refuse, "非当日业务不能冲正。", "", "";
    RewriteNotAllowed, "REWRITE_NOT_ALLOWED", Refuse, "不符合补写条件：{reason}。", "", "";
    RightReserved, "RIGHT_RESERVED", Refuse, "正由 {outlet} {window} 办理", "", "";
    SelfAuthForbidden, "SELF_AUTH_FORBIDDEN", Refuse, "不得授权本人经办业务", "", "";
    SelfServiceForbidden, "SELF_SERVICE_FORBIDDEN", Refuse, "不得办理本人业务，请换窗口。", "", "";
    ServerDiff, "SERVER_DIFF", Exception, "与中心汇总不符，差异 {n} 项。", "", "";
    SsnTypeMismatch, "SSN_TYPE_MISMATCH", Refuse, "该人员社会保障号码与证件号不同，请按系统号码查询。", "", "";
    StockDiff, "STOCK_DIFF", Exception, "库存差 {n} 张，请登记原因。", "", "";
    StockEmpty, "STOCK_EMPTY", Refuse, "空白卡不足，可选择邮寄/改日领取。", "", "";
    TempIdExpired, "TEMP_ID_EXPIRED", Refuse, "临时身份证已过期。", "", "";
    TempLossUntil, "TEMP_LOSS_UNTIL", Info, "临时挂失至 {time}，逾期自动解挂，请尽快办理正式挂失。", "", "";
    TillShort, "TILL_SHORT", Refuse, "尾箱现金不足，请先调剂。", "", "";
    TransferForbidden, "TRANSFER_FORBIDDEN", Refuse, "常州一卡通不办理转值，须先退值。", "", "";
    TransitNoLoss, "TRANSIT_NO_LOSS", Refuse, "交通账户不记名、无密码，遗失后不能挂失，余额不能退还。", "", "";
    TravelDocChanged, "TRAVEL_DOC_CHANGED", Refer, "证件号与登记不一致，请携新证件联系学校更新。", "", "";
    TrySmsFirst, "TRY_SMS_FIRST", Refer, "请先在微信登录页点“忘记密码", "", "";
    TwoCards, "TWO_CARDS", Refuse, "请只放一张卡", "", "";
    UnitDocMissing, "UNIT_DOC_MISSING", Refuse, "须提供社会信用代码证或授权委托书，以及经办人身份证件原件。", "", "";
    Unsynced, "UNSYNCED", Exception, "尚有 {n} 笔未上传，只能预日结。", "", "";
    ValidityAhead, "VALIDITY_AHEAD", Exception, "有效期异常，已登记，不写卡。", "", "";
    WriteUnknown, "WRITE_UNKNOWN", Exception, "写卡结果未知，请将原卡放回读卡器。", "", "";
    WrongBank, "WRONG_BANK", Refer, "请到 {bank} 任一网点办理正式挂失。", "", "";
    WrongCard, "WRONG_CARD", Refuse, "不是同一张卡（尾号 {a} / {b}），请放回原卡。", "", "";
    CentreUnreachable, "CENTRE_UNREACHABLE", Warn, "中心暂时连不上。", "", "";
    CentreLate, "CENTRE_LATE", Warn, "中心没有按时答复，结果待查。", "", "";
    CentreGarbled, "CENTRE_GARBLED", Warn, "中心的答复无法识别。", "", "";
    CentreError, "CENTRE_ERROR", Warn, "中心内部错误。", "", "";
    StoreBroken, "STORE_BROKEN", Refuse, "本机账本无法读写。", "", "";
    StoreKeyMissing, "STORE_KEY_MISSING", Refuse, "取不到本机账本的密钥。", "", "";
    ReaderMissing, "READER_MISSING", Refuse, "没有找到读卡器。", "", "";
    ReaderLost, "READER_LOST", Refuse, "读卡器已断开。", "", "";
    ReaderServiceDown, "READER_SERVICE_DOWN", Refuse, "读卡服务未运行。", "", "";
    NoCard, "NO_CARD", Refuse, "读卡器上没有卡。", "", "";
    CardPulled, "CARD_PULLED", Warn, "卡片移开过早。", "", "";
    CardFamilyUnknown, "CARD_FAMILY_UNKNOWN", Refuse, "不认识的卡种。", "", "";
    CardMute, "CARD_MUTE", Refuse, "卡片没有应答。", "", "";
    CardRefused, "CARD_REFUSED", Refuse, "卡片拒绝了该操作（状态 {sw}）。", "", "";
    CardNotBlank, "CARD_NOT_BLANK", Refuse, "这不是空白卡。", "", "";
    PrinterMissing, "PRINTER_MISSING", Warn, "打印机不可用，凭证待打印。", "", "";
    PasswordWrong, "PASSWORD_WRONG", Refuse, "工号或密码错误。", "", "";
    OperatorLocked, "OPERATOR_LOCKED", Refuse, "该工号已锁定。", "", "";
    SignInOfflineExpired, "SIGN_IN_OFFLINE_EXPIRED", Refuse, "离线登录已过期，须联网登录。", "", "";
    RoleMissing, "ROLE_MISSING", Refuse, "您没有办理此项的权限。", "", "";
    NotSignedIn, "NOT_SIGNED_IN", Refuse, "请先登录。", "", "";
    RuleSetInvalid, "RULE_SET_INVALID", Refuse, "规则文件有误：{where}。", "", "";
    ClaimConflict, "CLAIM_CONFLICT", Exception, "该权益已被 {outlet} {window} 于 {time} 受理，单号 {no}。", "", "";
    DeviceUnknown, "DEVICE_UNKNOWN", Refuse, "本机未在中心登记。", "", "";
    RequestChanged, "REQUEST_CHANGED", Exception, "同一请求号的内容与首次不一致。", "", "";
    PurseEmpty, "PURSE_EMPTY", Refuse, "卡内余额为 0，无需退值。", "", "";
    TransitNotOpened, "TRANSIT_NOT_OPENED", Refuse, "该卡未开通交通功能。", "", "";
    PurseSoldToday, "PURSE_SOLD_TODAY", Refuse, "今日售出的卡当日不能退值。", "", "";
    RefundUnsupported, "REFUND_UNSUPPORTED", Refuse, "该卡种不能在柜面退值。", "", "";
    CaseSuspended, "CASE_SUSPENDED", Exception, "该卡有一笔待查业务（{no}），须先查清。", "", "";
    OfflineNotAccepted, "OFFLINE_NOT_ACCEPTED", Refuse, "离线时不能办理：{why}", "", "";
    OfflineAccepted, "OFFLINE_ACCEPTED", Info, "离线受理，未生效；请保留回执。", "", "";
    OfflineLimit, "OFFLINE_LIMIT", Refuse, "离线受理已达上限（{limit}）。", "", "";
    OfflineValidation, "OFFLINE_VALIDATION", Refer, "离线时不能增效，请到学校增效机或地铁市民卡自助终端办理。", "", "";
    AmountInvalid, "AMOUNT_INVALID", Refuse, "金额填写有误。", "", "";
    FieldRequired, "FIELD_REQUIRED", Refuse, "请填写：{field}。", "", "";
    FieldInvalid, "FIELD_INVALID", Refuse, "填写有误：{field}。", "", "";
    CashTenderedShort, "CASH_TENDERED_SHORT", Refuse, "实收不足，还差 {x} 元。", "", "";
    AuthorisationNeeded, "AUTHORISATION_NEEDED", Info, "须由主管授权（{level}）。", "", "";
    AuthorisationRefused, "AUTHORISATION_REFUSED", Refuse, "主管未授权：{why}。", "", "";
    BlanksDiffer, "BLANKS_DIFFER", Warn, "空白卡与系统不符，差 {n} 张。", "", "";
    DayNotOpen, "DAY_NOT_OPEN", Refuse, "今日尚未日始。", "", "";
    PersonNotFound, "PERSON_NOT_FOUND", Refuse, "中心没有此人的登记。", "", "";
    CardNotFound, "CARD_NOT_FOUND", Refuse, "中心没有此卡的登记。", "", "";
    NoActiveCard, "NO_ACTIVE_CARD", Refuse, "该学生没有有效卡。", "", "";
    StaleAnswer, "STALE_ANSWER", Info, "画面已更新，请看新内容。", "", "";
    JournalBroken, "JOURNAL_BROKEN", Exception, "本机流水校验不通过，已停用。", "", "";
    Internal, "INTERNAL", Exception, "程序内部错误（{where}）。", "", "";
    ResetTooOften, "RESET_TOO_OFTEN", Warn, "近 30 日已重置 {n} 次，须主管授权。", "", "";
    PaperGlyphMissing, "PAPER_GLYPH_MISSING", Warn, "字体缺字：{chars}，请手工书写。", "", "";
    StoreMissing, "STORE_MISSING", Refuse, "找不到本机账本。", "本机已登记，但账本文件不在数据目录中（被移走或磁盘未挂载）。", "不要重新登记；请主管检查磁盘和数据目录，找回账本后再启动。";
    StoreKeyWrong, "STORE_KEY_WRONG", Refuse, "本机账本打不开：密钥不符或文件损坏。", "账本是用另一把密钥建立的，或文件头已损坏。", "不要删除账本；请主管联系系统管理员核对密钥存放位置或按恢复流程处理。";
    StoreInUse, "STORE_IN_USE", Refuse, "本机账本正被另一个程序使用。", "卡务台可能已经打开，或上次退出尚未完成。", "请切换到已打开的窗口；没有时稍候再启动。";
    StoreNewer, "STORE_NEWER", Refuse, "本机账本由更新版本的程序建立。", "程序被换回了旧版本。", "请安装不低于账本版本的程序再启动。";
    ConfigInvalid, "CONFIG_INVALID", Refuse, "配置文件有误：{where}。", "desk.toml 缺项、写错或指向不存在的文件。", "请系统管理员按提示的位置改正后重新启动。";
    NotEnrolled, "NOT_ENROLLED", Refuse, "本机尚未登记。", "数据目录中没有本机的登记信息。", "请主管用一次性登记码登记本机。";
    BalanceInconsistent, "BALANCE_INCONSISTENT", Refuse, "卡内余额数据互相矛盾，不能办理。", "卡片给出的余额、透支额度与钱包金额对不上。", "请勿退值；记下卡号尾号，转主管按不可读卡处理。";
    KeyAlgorithmUnsupported, "KEY_ALGORITHM_UNSUPPORTED", Refuse, "密钥服务不支持该卡的算法或密钥版本（{algorithm}/{version}）。", "卡片使用国密算法或更新的密钥版本，密钥服务尚未配置。", "本卡不能在柜面写卡；请主管联系发卡方。";
    CardMacWrong, "CARD_MAC_WRONG", Refuse, "卡片校验码不正确，密钥服务拒绝放行。", "卡片密钥与发卡方不符，或数据在途中被改动。", "请勿重试；取下卡片，报主管核查卡片真伪。";
    CardLineUnknown, "CARD_LINE_UNKNOWN", Refuse, "密钥服务不放行该写卡指令。", "请求的指令不在柜面允许的写卡范围内。", "请勿重试；请主管联系系统管理员核对程序版本。";
    EnrolRefused, "ENROL_REFUSED", Refuse, "中心未接受本机的登记。", "登记码错误、已用过或已过期。", "请向中心管理员索取新的登记码后重试。";
    KeyFileExposed, "KEY_FILE_EXPOSED", Refuse, "密钥文件的权限过宽，已停止启动。", "密钥文件可被本机其他用户读取。", "请系统管理员将文件权限改为仅属主可读写（0600），并评估是否须更换密钥。";
    PassphraseWrong, "PASSPHRASE_WRONG", Refuse, "本机口令错误。", "输入的口令打不开密钥文件。", "请重新输入本机口令；遗忘时请联系系统管理员。";
    IdFormat, "ID_FORMAT", Refuse, "证件号码格式不对。", "", "";
    DocExpired, "DOC_EXPIRED", Refuse, "证件已于 {date} 到期。", "", "";
    RegisterPageRequired, "REGISTER_PAGE_REQUIRED", Refuse, "户口簿须有本人页。", "", "";
    CardNotInUse, "CARD_NOT_IN_USE", Refuse, "该卡未启用或已注销。", "", "";
    FullRefundOnly, "FULL_REFUND_ONLY", Refuse, "只能全额退值（{x} 元）。", "", "";
    Programme, "PROGRAMME", Refuse, "发卡方案规定：{code}。", "", "";
}
