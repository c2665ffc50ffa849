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
    /// Everything else that stands against it, so that nobody comes twice for one case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Message>,
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
        Self { code, params: Vec::new(), rule: None, also: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }

    #[must_use]
    pub fn by_rule(mut self, id: &str, phrase: &str) -> Self {
        self.rule = Some(RuleRef { id: id.to_owned(), phrase: phrase.to_owned() });
        self
    }

    /// This message and everything that came with it, in the order in which a clerk would tell them.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.also)
    }

    /// The text with its parameters filled in.
    #[must_use]
    pub fn text(&self) -> String {
        self.params.iter().fold(self.code.text().to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }
}

catalogue! {
    ActiveCardExists, "ACTIVE_CARD_EXISTS", Refuse, "该学生已有有效卡 {masked}，如遗失或损坏请办理补换卡。", "一人一卡，系统中已有一张有效卡。", "核对卡尾号；卡遗失办补卡，卡损坏办换卡。";
    AgentBothOriginals, "AGENT_BOTH_ORIGINALS", Refuse, "代办须出示双方有效身份证件原件。", "代办人或被代办人的证件缺原件，或两份是同一人的证件。", "请代办人补齐双方证件原件后再办；打印一次性告知单。";
    AgeMismatch, "AGE_MISMATCH", Refuse, "年龄与证件或业务条件不符。", "证件上的出生日期与来人或业务的年龄要求不符。", "核对证件与来人；证件拿错的换正确证件。";
    AlreadyValidated, "ALREADY_VALIDATED", Info, "已增效，有效期至 {date}，无需重复。", "卡内有效期已到本次能办的日期或更晚。", "把有效期告诉持卡人即可，不必再刷。";
    ApplicantNotAllowed, "APPLICANT_NOT_ALLOWED", Refuse, "申请人不符合要求，可由 {list} 办理。", "来人不是本业务允许的申请人。", "告知可以办理的人，请其本人来办。";
    AskingServer, "ASKING_SERVER", Info, "正在查询上笔结果，请勿重复操作。", "上一次请求没有收到答复，系统正在用同一单号查询。", "请等待，不要重复收款、写卡或付款。";
    BalanceUnknown, "BALANCE_UNKNOWN", Refuse, "余额无法读取，请先登记不可读退值。", "卡片读不出余额，不能确认卡内是否有钱。", "先办不可读退值登记，再办换卡。";
    BankLossOpen, "BANK_LOSS_OPEN", Warn, "金融功能尚未挂失，请联系 {bank} {hotline}。", "只挂失了人社功能，银行账户仍可使用。", "请持卡人立即致电银行挂失。";
    BankNotCooperating, "BANK_NOT_COOPERATING", Refuse, "该银行不是合作银行。", "所选银行不在合作银行名单内。", "请在名单中重新选择银行。";
    BankNoForbidden, "BANK_NO_FORBIDDEN", Refuse, "备注中不得录入银行账号。", "备注中发现像银行账号的一长串数字。", "删去账号后再保存。";
    BenefitWarning, "BENEFIT_WARNING", Warn, "待遇发放账户将变更，请尽快激活新卡金融功能。", "养老金等待遇发到原卡的银行账户。", "提醒持卡人尽快到银行激活新卡，再继续办理。";
    BlacklistStale, "BLACKLIST_STALE", Refuse, "黑名单已 {h} 小时未更新，停止写卡。", "本机的黑名单太旧，不能保证卡片没有挂失。", "等线路恢复、名单更新后再写卡。";
    CardBlacklisted, "CARD_BLACKLISTED", Refuse, "该卡已列入黑名单，不能办理。", "该卡已挂失或被停用。", "不要指责持卡人；确认是本人的可办补卡，其他情况报主管。";
    CardIsPresent, "CARD_IS_PRESENT", Refuse, "卡片在场，不应办理遗失补卡。", "要补的旧卡正放在读卡器上，说明没有遗失。", "卡坏了办换卡；卡是好的就不必补。";
    CardMovedOn, "CARD_MOVED_ON", Refuse, "卡内已有新交易，不能冲正。", "原业务之后卡上又有了新的交易。", "不能冲正；报主管按差错处理。";
    CardNotPresent, "CARD_NOT_PRESENT", Refuse, "解挂须持原卡到场。", "没有读到要解挂的原卡。", "请持卡人带原卡来，放在读卡器上。";
    CardNoIllegible, "CARD_NO_ILLEGIBLE", Refuse, "卡号无法辨认，不能受理。", "卡面号码磨损，无法确认是哪张卡。", "请持卡人提供购卡或充值凭证；没有的不能受理。";
    CardReplaced, "CARD_REPLACED", Refuse, "该卡已补办作废，新卡尾号 {tail}，请收回旧卡。", "这张卡补办过新卡，旧卡已失效。", "收回旧卡登记入坏卡；请持卡人使用新卡。";
    CashDiff, "CASH_DIFF", Exception, "现金长短款 {x} 元，请登记原因。", "清点的现金与系统尾箱不一致。", "复点一遍；仍不符的如实登记，长款短款分别记，不得抵补。";
    CauseConflict, "CAUSE_CONFLICT", Refuse, "已勾选人为损坏，不能按质量问题免费。", "既勾选了人为损坏，又选了质量问题。", "按损坏收费办理，或经核对取消损坏勾选。";
    ClockUntrusted, "CLOCK_UNTRUSTED", Refuse, "系统时间异常，不能写入有效期。", "本机时间与中心不符、曾被调回，或太久没有校时。", "请主管校准时间并恢复线路；急用请到自助终端办理。";
    CodeOnlyToRegistered, "CODE_ONLY_TO_REGISTERED", Refuse, "验证码只能发送至预留号码。", "验证码只发到采集信息时预留的手机。", "号码变更的，请先联系学校修改第一监护人联系方式。";
    ConfirmOnlyWechat, "CONFIRM_ONLY_WECHAT", Refer, "请由学生或监护人在微信确认（两种入口见指引单）。", "制卡信息须由学生或监护人自己在微信上确认，柜面不能代办。", "打印指引单，请家长按步骤确认。";
    ConfirmWindowClosed, "CONFIRM_WINDOW_CLOSED", Refuse, "确认时间已过，请联系学校处理。", "已过学校规定的确认时间。", "请家长联系学校处理。";
    ConsentRequired, "CONSENT_REQUIRED", Refuse, "须经本人同意。", "没有勾选本人同意。", "向本人说明，本人同意后由其勾选。";
    CourierNotSelected, "COURIER_NOT_SELECTED", Info, "未选择邮寄，快递费 0.00 元。", "客户没有选择邮寄。", "不收快递费；改为邮寄的重新选择。";
    DeviceFail, "DEVICE_FAIL", Warn, "{device} 故障。", "设备自检没有通过。", "检查电源和连线后重试；可以开始营业，用到它的业务换窗口办理，并报修。";
    DeviceRollback, "DEVICE_ROLLBACK", Exception, "本机流水异常，已停用，请联系主管。", "本机流水号比中心记录的旧，磁盘可能被还原过。", "停止使用本机，请主管联系中心重新登记。";
    DirectOutletOnly, "DIRECT_OUTLET_ONLY", Refer, "退值须到市民卡直营网点办理：{list}。", "退值只在市民卡直营网点办理，本网点不是。", "打印指引单，告知可办的网点。";
    DocForForeignersOnly, "DOC_FOR_FOREIGNERS_ONLY", Refuse, "护照/永居证仅限外籍人员。", "这种证件只适用于外籍人员。", "请本国居民出示居民身份证等有效证件。";
    DocForHmtOnly, "DOC_FOR_HMT_ONLY", Refuse, "该证件仅限港澳台人员。", "这种证件只适用于港澳台居民。", "请出示与本人身份相符的有效证件。";
    DocNotAccepted, "DOC_NOT_ACCEPTED", Refuse, "该证件不符合要求，可接受：{list}（原件）。", "所出示的证件不在本业务接受的证件之内。", "告知可接受的证件，请补齐后再办；打印一次性告知单。";
    EcardSameStatus, "ECARD_SAME_STATUS", Info, "实体卡挂失后电子社保卡状态相同。", "电子社保卡与实体卡一一对应，状态相同。", "告知持卡人，补卡启用后一并恢复。";
    EmsCollect, "EMS_COLLECT", Info, "EMS到付，柜面不收邮费。", "邮费由收件人付给邮政，柜面不收。", "告知客户收件时付邮费。";
    ExportForbidden, "EXPORT_FORBIDDEN", Refuse, "无业务办理依据，不得查询或导出个人信息。", "个人信息只能为正在办理的业务使用。", "关闭本次操作；确有需要由主管按规定申请。";
    FeeFixed, "FEE_FIXED", Refuse, "收费标准为 {fee} 元，不可修改。", "金额与收费标准不同。", "按标准收费；有疑问给客户看收费依据（F1）。";
    FinExpired, "FIN_EXPIRED", Warn, "金融功能已到期，不能办理线下有卡交易，其他功能不受影响。", "金融功能有效期为 10 年，已经到期。", "其他业务照常办理；建议客户换卡。";
    FinExpiring, "FIN_EXPIRING", Warn, "金融功能将于 {date} 到期，建议换卡。", "发卡将满 10 年，金融功能快要到期。", "其他业务照常办理；提醒客户及时换卡。";
    FinNotActive, "FIN_NOT_ACTIVE", Warn, "金融功能未激活，影响挂失补卡、缴费和领取待遇，请本人持证、卡到 {bank} 激活。", "新卡的金融功能还没有在银行激活。", "提醒本人持身份证件和卡到银行激活。";
    FloatDiffers, "FLOAT_DIFFERS", Warn, "备用金与系统不符，差 {x} 元。", "清点的备用金与系统记录不同。", "复点一遍；仍不符的报主管，按实数开始。";
    FormalLossFirst, "FORMAL_LOSS_FIRST", Refuse, "请先办理正式挂失。", "补卡前须先正式挂失，目前没有或只有临时挂失。", "请持卡人先办正式挂失，再来补卡。";
    GuardianRequired, "GUARDIAN_REQUIRED", Refuse, "密码重置须由监护人办理。", "来人不是学生的监护人。", "请监护人带学生证件原件来办，或拨打热线申请。";
    HandoverNotValidated, "HANDOVER_NOT_VALIDATED", Warn, "新卡尚未增效，是否立即增效？", "新卡没有增效，乘车会被拒。", "默认立即增效：把新卡放在读卡器上。";
    HolderInPerson, "HOLDER_IN_PERSON", Refuse, "须持卡人本人办理。", "本业务不能代办。", "请持卡人本人带证件来办。";
    HolidayClosed, "HOLIDAY_CLOSED", Refuse, "法定节假日休息，{date} 恢复营业。", "今天是法定节假日，本网点休息。", "告知恢复营业时间；须加班的由主管开通。";
    HolidayNoticeNeeded, "HOLIDAY_NOTICE_NEEDED", Warn, "节假日营业时间以通知为准，尚未录入。", "今天是法定节假日，本网点营业时间另行通知，系统没有录入。", "请主管按通知录入当天营业时间。";
    HotlineClosed, "HOTLINE_CLOSED", Refer, "热线 {time} 开始接听。", "现在不在热线接听时间内。", "告知接听时间，或改在柜面办理。";
    HrMigrationPending, "HR_MIGRATION_PENDING", Exception, "人社功能平移未完成，系统将继续处理。", "人社系统还没有返回平移完成。", "客户不用做什么；系统会继续处理，列入异常清单跟踪。";
    HukouNotAccepted, "HUKOU_NOT_ACCEPTED", Refuse, "户口簿仅限未满规定年龄且未办理身份证的申请人。", "申请人已到年龄，或已有身份证。", "请出示身份证或临时身份证。";
    IdentityRequired, "IDENTITY_REQUIRED", Refuse, "请先出示证件原件核验身份。", "该信息只有核验身份后才能看。", "请来人出示证件原件；没带的打印一次性告知单。";
    IdBirthInvalid, "ID_BIRTH_INVALID", Refuse, "证件号中出生日期无效。", "号码中的出生日期不存在、在将来或过早，多半是录错。", "对照证件逐位重新录入。";
    IdChecksum, "ID_CHECKSUM", Refuse, "身份证号校验位错误。", "号码中有一位录错，或证件有问题。", "对照证件逐位重新录入；仍不符的不予受理并报主管。";
    IdExpired, "ID_EXPIRED", Refuse, "身份证已于 {date} 到期，请换证或持临时身份证。", "身份证有效期已过，当天到期的仍可用。", "请换领身份证，或办临时身份证后再来。";
    IncompleteTrip, "INCOMPLETE_TRIP", Refuse, "有未完成行程，请先更新。", "卡内有进站没有出站的记录。", "先到客服中心或闸机更新行程，再来退值。";
    InProduction, "IN_PRODUCTION", Info, "制卡中，最迟 {date} 前完成。", "学校提交的信息已收到，正在制卡。", "告知最迟完成日期。";
    KeySourceInvalid, "KEY_SOURCE_INVALID", Refuse, "密钥来源不合规，设备已停用写卡功能。", "检测到密钥不是来自发卡方的密钥服务。", "停止写卡，请主管联系中心。";
    LibraryLoanOpen, "LIBRARY_LOAN_OPEN", Refuse, "该卡尚有未还图书，请先归还后再办理退卡。", "该卡名下有没还的图书。", "请先还书，再来办理。";
    LossByFunction, "LOSS_BY_FUNCTION", Refuse, "请分别办理人社、金融功能挂失。", "人社和金融功能的挂失是两件事。", "分别选择功能办理；金融功能请致电银行。";
    LossNotSynced, "LOSS_NOT_SYNCED", Exception, "银行已挂失，人社状态未同步，请勿离开/稍后查询。", "银行已办挂失，人社系统还没有显示。", "请客户稍候，系统会再查；已列入异常清单。";
    LunchBreak, "LUNCH_BREAK", Warn, "午间休息，{time} 恢复办理。", "现在是本网点午间休息时间。", "正在办的可以办完；新业务请等恢复办理。";
    NameDiffers, "NAME_DIFFERS", Warn, "姓名与登记不一致，请核对。", "证件姓名与系统登记不同，常见于生僻字、间隔号。", "以号码为准，目视核对姓名；确实不同的请先更正登记。";
    NameMismatch, "NAME_MISMATCH", Refer, "姓名与登记信息不一致，请联系学校核对（生僻字/间隔号）。", "输入的姓名与登记的对不上。", "请家长联系学校核对登记的姓名。";
    NotAtCounter, "NOT_AT_COUNTER", Refer, "新生信息由家长微信录入、学校提交，柜面不能新增或修改，请联系学校。", "学生基本信息由家长录入、学校提交。", "打印指引单，请家长联系学校。";
    NotConfirmed, "NOT_CONFIRMED", Refuse, "信息未确认，不能制卡。请按指引在微信完成确认。", "制卡信息还没有被确认。", "打印确认步骤，请家长先确认。";
    NotEligibleFirstIssue, "NOT_ELIGIBLE_FIRST_ISSUE", Refuse, "不在首次发卡范围内。", "该学生不属于首次发卡的对象，或已经领过卡。", "已领过卡的办补卡或换卡；有疑问请联系学校。";
    NotStudentCard, "NOT_STUDENT_CARD", Refuse, "不是学生卡，无需增效。", "这张卡的卡种不需要增效。", "告知持卡人可直接使用；要办别的业务请重新选择。";
    NotSubmitted, "NOT_SUBMITTED", Refuse, "未收到学校提交的信息，请联系学校。", "学校还没有提交该学生的信息。", "请家长联系学校。";
    NotValidated, "NOT_VALIDATED", Warn, "未增效/已过期，点 F2 立即增效。", "卡没有增效或有效期已过。", "征得同意后立即增效；过期月份不罚、不补。";
    NoChangeNeeded, "NO_CHANGE_NEEDED", Info, "省内转移无需换卡。", "省内转移社保关系不影响卡的使用。", "告知客户继续使用原卡。";
    NoContactless, "NO_CONTACTLESS", Refer, "该卡为旧版社保卡，无非接功能；可免费换领一卡通。", "卡面没有非接标识，读卡器读不到是正常的。", "不要按坏卡处理；告知可免费换领。";
    NoEcardNo, "NO_ECARD_NO", Refer, "没有可用于初始密码的卡号，请向学校咨询。", "系统中没有该学生的卡号，或不足六位。", "请家长向学校查询后再来。";
    NoIdOnRecord, "NO_ID_ON_RECORD", Refer, "系统无身份证号，无法设置初始密码，请联系学校。", "系统中没有该学生的身份证号。", "请家长联系学校补录后再来。";
    NoLongerEntitled, "NO_LONGER_ENTITLED", Refuse, "学生已毕业/离校，不能办理。", "系统登记该学生已毕业或离校。", "告知家长；有异议请联系学校。";
    NoTransitPassword, "NO_TRANSIT_PASSWORD", Refuse, "交通账户不记名、无密码。", "交通账户认卡不认人，没有密码。", "提醒妥善保管卡片。";
    OfflineOnly, "OFFLINE_ONLY", Refuse, "换卡须到社保卡服务网点线下办理。", "信息变更或损坏换卡不能在网上办。", "请到社会保障卡服务网点办理。";
    OldCardRequired, "OLD_CARD_REQUIRED", Refuse, "免费更换须交回原卡。", "按质量问题免费更换须收回原卡。", "请客户交回原卡；没有原卡的按遗失收费办理。";
    OnlineFirstOnly, "ONLINE_FIRST_ONLY", Refer, "已有省社保卡，须线下换领。", "网上申领只对没有领过卡的人开放。", "请在柜面办理换领。";
    OnlineOnly, "ONLINE_ONLY", Refuse, "该业务须联网办理。", "现在连不上中心。", "等线路恢复后再办，或指引到其他网点。";
    OpenCases, "OPEN_CASES", Refuse, "尚有 {n} 笔未完业务。", "还有业务没有办完。", "先在未完业务中逐笔办完或移交。";
    OriginalRequired, "ORIGINAL_REQUIRED", Refuse, "须出示证件原件，复印件/照片无效。可用：{list}。", "没有见到证件原件。", "请客户出示原件，见到后勾选“已核对原件”；没带的打印一次性告知单。";
    OutletNotAuthorized, "OUTLET_NOT_AUTHORIZED", Refuse, "本网点未开通该业务，最近可办网点：{list}。", "本网点没有这项业务的办理资格。", "告知可办理的网点；打印指引单。";
    OutsideHours, "OUTSIDE_HOURS", Refuse, "本网点当前不在营业时间，下次营业 {time}。", "现在不在本网点的营业时间内。", "正在办的可以办完；新业务请在营业时间来，或由主管开通。";
    OverdraftFirst, "OVERDRAFT_FIRST", Refuse, "已透支 {x} 元，请先补足。", "卡内余额为负，使用了透支额度。", "请持卡人先充值补足透支，再来退值。";
    PhoneViaSchool, "PHONE_VIA_SCHOOL", Refer, "预留手机号缺失或已停用，须先由学校添加/修改第一监护人联系方式。", "收不到短信是因为没有可用的预留手机号，柜面不能改号，也不能重置。", "打印指引单，请家长先联系学校。";
    PhotoBackground, "PHOTO_BACKGROUND", Refuse, "背景须为纯白色。", "照片背景不是纯白。", "请换一张白底照片。";
    PhotoClothes, "PHOTO_CLOTHES", Refuse, "不得穿制式服装或白色上衣。", "照片中穿了制式服装或白色上衣。", "请换一张照片。";
    PhotoDepth, "PHOTO_DEPTH", Refuse, "照片须为24位真彩色。", "照片不是 24 位真彩色。", "请用彩色照片重新导出。";
    PhotoDimension, "PHOTO_DIMENSION", Refuse, "须为358×441像素。", "照片像素不是 358×441。", "用更大的原图裁剪，不得放大。";
    PhotoDpi, "PHOTO_DPI", Warn, "分辨率须为350dpi，已自动更正。", "照片文件里的分辨率标记不对。", "系统已更正，继续办理。";
    PhotoGlasses, "PHOTO_GLASSES", Refuse, "常戴眼镜者应配戴眼镜。", "本人常戴眼镜，照片中没有戴。", "请换一张戴眼镜的照片。";
    PhotoNotColor, "PHOTO_NOT_COLOR", Refuse, "照片须为彩色。", "照片是黑白的。", "请换一张彩色照片。";
    PhotoNotJpeg, "PHOTO_NOT_JPEG", Refuse, "仅支持JPG格式。", "文件内容不是 JPG，改扩展名无效。", "请另存为 JPG 后再导入。";
    PhotoOnFile, "PHOTO_ON_FILE", Info, "系统已有照片，无需提供。", "系统里已有可用的照片。", "不要再向客户要照片。";
    PhotoQuality, "PHOTO_QUALITY", Refuse, "人像须清晰、自然、无畸变。", "照片不清晰、变形或不自然。", "请换一张照片。";
    PhotoRequired, "PHOTO_REQUIRED", Refuse, "满7周岁须上传照片。", "申请人已满上传照片的年龄。", "请提供符合要求的照片。";
    PhotoSize, "PHOTO_SIZE", Refuse, "照片大小须为15～100K，当前 {n}K。", "照片文件太大或太小。", "重新导出照片；特殊情况由主管授权。";
    PreviousDayOpen, "PREVIOUS_DAY_OPEN", Refuse, "{date} 尚未日结。", "前一营业日没有日结。", "先办完前一日日结，再开始今天的业务。";
    ProductionOverdue, "PRODUCTION_OVERDUE", Exception, "已超承诺期限，已登记催办，单号 {no}。", "超过了承诺的制卡日期。", "把催办单号告诉家长，系统会跟踪。";
    ProfileMismatch, "PROFILE_MISMATCH", Refuse, "该卡不属于本发卡方案，不予受理。", "放上的卡是另一个发卡方案的卡。", "返回首页重新刷卡，系统会自动选对方案。";
    ProvincialCardExists, "PROVINCIAL_CARD_EXISTS", Refuse, "省内一人一卡，已有社保卡，可办理换领。", "该人员已有省内社保卡。", "改办换领。";
    PurposeRequired, "PURPOSE_REQUIRED", Refuse, "请选择查询事由，无业务依据不得查询。", "没有选择查询事由。", "选择与业务相符的事由后再查。";
    PurseCap, "PURSE_CAP", Refuse, "余额上限 {cap} 元，本次最多可充 {x} 元。", "充值后余额会超过上限。", "按可充金额充值。";
    QualityNotProven, "QUALITY_NOT_PROVEN", Refuse, "卡片可正常读取，不符合质量问题免费条件。", "读卡测试正常，看不出质量问题。", "向客户演示读卡；坚持换卡的按损坏收费，争议由主管定。";
    QueryTooWide, "QUERY_TOO_WIDE", Refuse, "请刷卡、读证，或输入完整证件号/卡号。", "查询条件太宽，会列出别人的信息。", "请刷卡、读证，或输入完整号码。";
    ReasonRequired, "REASON_REQUIRED", Refuse, "补换卡仅限遗失或损坏。", "没有选择原因，或原因不是遗失、损坏。", "核实后选择遗失或损坏；都不是的不办。";
    ReferBank, "REFER_BANK", Refer, "请联系 {bank} {hotline} 或到其网点办理。", "这项业务由银行办理。", "把银行电话告诉客户，打印指引单。";
    ReferDestination, "REFER_DESTINATION", Refer, "请按转入地规定办理。", "跨省转移按转入地的规定办理。", "请客户咨询转入地。";
    RefundFirst, "REFUND_FIRST", Refuse, "交通余额 {x} 元，请先到直营网点退值再换卡。", "卡内还有交通余额，换卡不转移余额。", "先到直营网点退值，再来换卡。";
    ReissueInProgress, "REISSUE_IN_PROGRESS", Refuse, "该学生已有补卡订单 {no}，不得重复办理。", "另一渠道（如微信）已经下了补卡订单。", "请等该订单完成，或由家长先取消订单。";
    ReleaseForbidden, "RELEASE_FORBIDDEN", Refuse, "已补办并启用新卡，原卡不能解挂。", "补办的新卡已启用。", "收回原卡，请客户使用新卡。";
    ReleaseOriginalChannel, "RELEASE_ORIGINAL_CHANNEL", Refer, "请通过原挂失途径（{channel}）办理解挂。", "解挂须走原来的挂失途径。", "打印指引单，告知原途径。";
    RemoteTrips, "REMOTE_TRIPS", Info, "近期有异地乘车，余额以清算为准。", "异地乘车的清算比本地晚。", "告知客户最终以清算余额为准。";
    ReplaceAdvised, "REPLACE_ADVISED", Warn, "发卡已近/已满10年，建议及时换卡。", "发卡接近或已满 10 年。", "提醒换卡：先退值，再换卡。";
    RevealReasonRequired, "REVEAL_REASON_REQUIRED", Refuse, "请选择查看理由。", "查看完整信息须有理由并留痕。", "选择理由后再查看。";
    ReversalForbidden, "REVERSAL_FORBIDDEN", Refuse, "{reason}，不能冲正。", "这类业务办结后不能退回。", "按提示的办法处理；有疑问报主管。";
    ReversalNotLatest, "REVERSAL_NOT_LATEST", Refuse, "不是该卡最后一笔业务，不能冲正。", "这张卡之后还有别的业务。", "不能冲正；报主管按差错处理。";
    ReversalNotOwn, "REVERSAL_NOT_OWN", Refuse, "非本人经办业务，须主管处理。", "不是本人办的业务。", "请原经办人或主管处理。";
    ReversalNotSameDay, "REVERSAL_NOT_SAME_DAY", Refuse, "非当日业务不能冲正。", "不是当天的业务。", "报主管按差错处理。";
    RewriteNotAllowed, "REWRITE_NOT_ALLOWED", Refuse, "不符合补写条件：{reason}。", "卡内情况与原业务记录不一致。", "不要写卡；报主管处理。";
    RightReserved, "RIGHT_RESERVED", Refuse, "正由 {outlet} {window} 办理。", "同一张卡或同一人的业务正在另一窗口办理。", "请客户到该窗口办完，或等对方释放后再办。";
    SelfAuthForbidden, "SELF_AUTH_FORBIDDEN", Refuse, "不得授权本人经办的业务。", "授权人与经办人是同一人。", "请另一位有权限的人授权。";
    SelfServiceForbidden, "SELF_SERVICE_FORBIDDEN", Refuse, "不得办理本人业务，请换窗口。", "办理人正是当前登录的柜员。", "请到其他窗口由别的柜员办理。";
    ServerDiff, "SERVER_DIFF", Exception, "与中心汇总不符，差异 {n} 项。", "本机与中心的汇总有差异。", "按差异清单逐笔核对，不要改数；报主管。";
    SsnTypeMismatch, "SSN_TYPE_MISMATCH", Refuse, "该人员社会保障号码与证件号不同，请按系统号码查询。", "非大陆居民的社会保障号码不是证件号。", "用系统中的号码查询。";
    StockDiff, "STOCK_DIFF", Exception, "库存差 {n} 张，请登记原因。", "清点的卡数与系统库存不符。", "复点一遍；仍不符的登记原因并报主管。";
    StockEmpty, "STOCK_EMPTY", Refuse, "本窗口没有可写的空白卡，可选择邮寄/改日领取。", "空白卡用完了，或本网点不在柜面写卡。", "请主管调剂空白卡；或受理后改日领取。";
    TempIdExpired, "TEMP_ID_EXPIRED", Refuse, "临时身份证已过期。", "临时身份证有效期已过。", "请出示有效的身份证或新的临时身份证。";
    TempLossUntil, "TEMP_LOSS_UNTIL", Info, "临时挂失至 {time}，逾期自动解挂，请尽快办理正式挂失。", "临时挂失有时限，到时自动解挂。", "提醒持卡人尽快办理正式挂失。";
    TillShort, "TILL_SHORT", Refuse, "尾箱现金不足，请先调剂。", "尾箱里的现金不够支付这笔款。", "先向主管领取或调剂现金，再办理。";
    TransferForbidden, "TRANSFER_FORBIDDEN", Refuse, "本卡种不办理转值，须先退值。", "该方案不支持把余额转到另一张卡。", "先办退值，余额退现金。";
    TransitNoLoss, "TRANSIT_NO_LOSS", Refuse, "交通账户不记名、无密码，遗失后不能挂失，余额不能退还。", "交通账户认卡不认人。", "向客户说明并勾选“已告知”。";
    TravelDocChanged, "TRAVEL_DOC_CHANGED", Refer, "证件号与登记不一致，请携新证件联系学校更新。", "换发护照等证件后号码变了。", "请家长带新证件联系学校更新。";
    TrySmsFirst, "TRY_SMS_FIRST", Refer, "请先用短信自助找回密码；仍收不到验证码再办理重置。", "手机可用，应先用短信找回。", "协助家长当场自助找回；仍收不到再办重置。";
    TwoCards, "TWO_CARDS", Refuse, "请只放一张卡。", "读卡器上同时有两张卡。", "全部拿开，只放要办的一张。";
    UnitDocMissing, "UNIT_DOC_MISSING", Refuse, "须提供社会信用代码证或授权委托书，以及经办人身份证件原件。", "单位证明或经办人证件没有带齐。", "请补齐后再办；打印一次性告知单。";
    Unsynced, "UNSYNCED", Exception, "尚有 {n} 笔未上传，只能预日结。", "还有业务没有传到中心。", "先做预日结；线路恢复、上传完毕后再正式日结。";
    ValidityAhead, "VALIDITY_AHEAD", Exception, "有效期异常，已登记，不写卡。", "卡内有效期比正常办理能达到的还晚。", "不写卡；系统已登记，报主管核查。";
    WriteUnknown, "WRITE_UNKNOWN", Exception, "写卡结果未知，请将原卡放回读卡器。", "写卡过程中断，不知道有没有写成。", "请把同一张卡放回读卡器；查清之前不要付款。";
    WrongBank, "WRONG_BANK", Refer, "请到 {bank} 任一网点办理正式挂失。", "本网点不是该卡银行的网点。", "告知银行名称和电话，请到该行网点办理。";
    WrongCard, "WRONG_CARD", Refuse, "不是同一张卡（尾号 {a} / {b}），请放回原卡。", "放上的不是开始办理时的那张卡。", "拿开这张卡，放回原卡。";
    CentreUnreachable, "CENTRE_UNREACHABLE", Warn, "中心暂时连不上。", "到中心的网络不通，或中心没有开机。", "可离线受理的先受理；系统会自动重连，长时间不通请报主管。";
    CellFormula, "CELL_FORMULA", Refuse, "单元格以 = + - @ 开头，不予接受：{field}。", "表格软件会把这样的内容当公式计算。", "请单位改成普通文字后重新导出名单。";
    ListUnreadable, "LIST_UNREADABLE", Refuse, "名单无法读取：{what}。", "文件不是约定的格式，或编码不对。", "请单位用表格软件另存为 CSV（UTF-8）后重新提供。";
    ListTooLong, "LIST_TOO_LONG", Refuse, "名单过长，最多 {most}。", "一份名单的人数或文件大小超过上限。", "请单位分成几份名单提供。";
    UnitListFaulty, "UNIT_LIST_FAULTY", Refuse, "名单没有提交：{n} 行有错，见错误清单。", "没有一行可以受理，或单位决定改正后再来。", "把错误清单交给单位，改正后重新提供名单。";
    RowRepeated, "ROW_REPEATED", Refuse, "{field}与第 {line} 行重复。", "同一份名单里出现了两次。", "请单位删去重复的一行；两行内容不同的先核实。";
    RuleFileMissing, "RULE_FILE_MISSING", Refuse, "资料文件夹中没有规则文件 {file}。", "文件没有放进本机的资料文件夹，或名称不是以 .toml 结尾。", "把文件放进资料文件夹后刷新。";
    PhotoFileMissing, "PHOTO_FILE_MISSING", Refuse, "名单所列照片不在文件夹中。", "照片文件没有一起提供，或文件名与名单不一致。", "请单位补齐照片，文件名与名单逐字一致。";
    PhotoChanged, "PHOTO_CHANGED", Refuse, "照片在检查以后被改动，没有提交。", "提交时文件夹中的照片已不是检查过的那一张。", "请单位确认照片，改正后另行提供该行。";
    PhotoBroken, "PHOTO_BROKEN", Refuse, "照片文件损坏，无法打开。", "文件没有传完整，或已损坏。", "请重新导出照片。";
    CentreLate, "CENTRE_LATE", Warn, "中心没有按时答复，结果待查。", "请求已发出，没有等到答复。", "不要重复办理；点“再试”，系统用同一单号查询。";
    CentreGarbled, "CENTRE_GARBLED", Warn, "中心的答复无法识别。", "答复不完整，或不是本系统的中心。", "点“再试”；仍不行请主管联系中心。";
    CentreError, "CENTRE_ERROR", Warn, "中心内部错误。", "中心处理时出错，没有办成。", "点“再试”；仍不行请主管联系中心。";
    StoreBroken, "STORE_BROKEN", Refuse, "本机账本无法读写。", "磁盘已满、损坏，或账本文件损坏。", "停止办理，不要删除任何文件；请主管联系系统管理员。";
    StoreKeyMissing, "STORE_KEY_MISSING", Refuse, "取不到本机账本的密钥。", "系统密钥环没有解锁，或密钥文件不在。", "请解锁密钥环后重新启动；仍不行请系统管理员处理。";
    ReaderMissing, "READER_MISSING", Refuse, "没有找到读卡器。", "读卡器没有插好，或没有通电。", "检查连线后重插读卡器。";
    ReaderLost, "READER_LOST", Refuse, "读卡器已断开。", "读卡器被拔出，或连线松动。", "插好读卡器，把原卡放回，系统会接着办。";
    ReaderServiceDown, "READER_SERVICE_DOWN", Refuse, "读卡服务未运行。", "操作系统的读卡服务（pcscd）没有启动。", "请系统管理员启动读卡服务；系统会自动重连。";
    ReaderInUse, "READER_IN_USE", Refuse, "读卡器正被其他程序占用。", "另一个程序独占了读卡器上的卡。", "关闭其他读卡程序（网银、驱动自带工具）后，把卡重新放上。";
    ReaderFailing, "READER_FAILING", Warn, "读卡器{since}以来 {percent}% 的读卡失败（{failed}/{tries} 次）。", "连线松动、USB 口供电不足，或读卡器老化。", "换一根线、换一个 USB 口；仍然如此请换读卡器并报修。";
    ReaderAntenna, "READER_ANTENNA", Warn, "失败多是卡片没有应答。", "卡没有放在感应区，下面有金属，或天线老化。", "移开读卡器下面的金属和别的卡；用一张好卡试，放在中央仍不应答就报修。";
    ReaderPulledOften, "READER_PULLED_OFTEN", Warn, "失败多是卡片移开过早。", "读写没有完成，卡就被拿走了。", "请持卡人把卡放平，等提示完成再取；常有这种情况可在读卡器旁贴提示。";
    ReaderSlow, "READER_SLOW", Warn, "读卡偏慢，平均每条指令 {ms} 毫秒。", "USB 集线器、驱动程序或电脑繁忙。", "读卡器直接插在电脑上，不经集线器；关闭其他读卡程序。";
    ReaderShared, "READER_SHARED", Warn, "今天有 {n} 次卡片被其他程序占用。", "网银、社保等程序也在读这台读卡器。", "关闭其他读卡程序，或在 desk.toml 里给它另一台读卡器。";
    ReaderUnsteady, "READER_UNSTEADY", Warn, "今天读卡器或读卡服务断开 {n} 次。", "USB 连线松动，或读卡服务反复重启。", "插紧或更换连线；仍然如此请系统管理员查看读卡服务日志。";
    ReaderHealthy, "READER_HEALTHY", Info, "读卡器正常。", "近几天读卡没有异常。", "不需要处理。";
    NoCard, "NO_CARD", Refuse, "读卡器上没有卡。", "读卡器上没有感应到卡。", "把卡平放在读卡器中央；仍读不到的换一张好卡试读卡器。";
    CardPulled, "CARD_PULLED", Warn, "卡片移开过早。", "读写还没有完成，卡就移开了。", "请把同一张卡放回，完成前不要移动。";
    CardFamilyUnknown, "CARD_FAMILY_UNKNOWN", Refuse, "不认识的卡种。", "这张卡不是系统认识的卡种。", "确认是不是本市的卡；不是的不能受理。";
    CardForeign, "CARD_FOREIGN", Warn, "不是本方案的卡，只显示卡内数据。", "这张卡由别的发卡方案或别的城市发行。", "可以告诉持卡人卡内所示；其他业务请其到发卡方办理。";
    BalanceUnverified, "BALANCE_UNVERIFIED", Warn, "余额未验证，仅供参考。", "该卡种的余额算法没有经过核对，或卡内数据互相矛盾。", "不要据此收付款；以发卡方查询为准。";
    BalanceNegative, "BALANCE_NEGATIVE", Warn, "卡内余额为负，已透支。", "持卡人用过透支额度，还没有补足。", "告知持卡人透支金额；退值前须先充值补足。";
    TranscriptInvalid, "TRANSCRIPT_INVALID", Refuse, "不是卡片通信记录：{what}。", "文件不是约定的格式，或里面没有能解读的卡片数据。", "核对文件；格式见 deskctl 说明。";
    TranscriptLine, "TRANSCRIPT_LINE", Warn, "通信记录第 {line} 条不完整，已跳过。", "该条不是成对的十六进制数据。", "其余各条照常解读；需要时重新采集。";
    CardMute, "CARD_MUTE", Refuse, "卡片没有应答。", "卡片损坏，或没有放好。", "重新放平再试；三次仍不行的按不可读卡处理。";
    CardRefused, "CARD_REFUSED", Refuse, "卡片拒绝了该操作（状态 {sw}）。", "卡片不允许当前操作，可能已锁定或状态不符。", "重放一次再试；仍被拒绝的记下状态码报主管。";
    CardNotBlank, "CARD_NOT_BLANK", Refuse, "这不是空白卡。", "放上的卡已经写过号码。", "拿开这张卡，换一张空白卡。";
    PinLastTry, "PIN_LAST_TRY", Warn, "卡密码只剩最后一次机会，不再试。", "已连续输错；再错一次卡密码就锁定。", "请持卡人想清楚，或核实身份后重设卡密码。";
    PrinterMissing, "PRINTER_MISSING", Warn, "打印机不可用，凭证待打印。", "打印机没有开机、缺纸或没有配置。", "业务不受影响；接好打印机后补打待打印凭证。";
    PasswordWrong, "PASSWORD_WRONG", Refuse, "工号或密码错误。", "工号或密码输错，连续输错会锁定。", "核对大小写后重新输入；忘记密码请联系主管。";
    OperatorLocked, "OPERATOR_LOCKED", Refuse, "该工号已锁定。", "连续输错密码，或被管理员停用。", "请联系主管解锁。";
    StaffCardMissing, "STAFF_CARD_MISSING", Refuse, "读卡器上不是员工卡。", "放的是市民卡，或没有放员工卡。", "取下市民卡，放上员工卡再输入 PIN；办完把市民卡放回。";
    StaffCardInvalid, "STAFF_CARD_INVALID", Refuse, "员工卡无法核验。", "证书不是本中心签发的，或签名不符。", "不要再试；把卡交主管，向中心核查。";
    StaffCardExpired, "STAFF_CARD_EXPIRED", Refuse, "员工卡已过有效期。", "证书的有效期已过，或本机时间不对。", "用密码登录，并向中心换领员工卡。";
    StaffCardRevoked, "STAFF_CARD_REVOKED", Refuse, "这张员工卡已停用。", "员工卡已挂失，或已换发新卡。", "用密码登录；拾到的旧卡交主管。";
    StaffCardOther, "STAFF_CARD_OTHER", Refuse, "这是另一位员工的卡。", "锁屏的是别人，只能由本人解锁。", "请本人放卡，或由本人注销后再登录。";
    StaffPinWrong, "STAFF_PIN_WRONG", Refuse, "员工卡 PIN 错误，还可试 {left} 次。", "PIN 输错；次数用完卡片锁定。", "看清数字键再输；想不起来的用密码登录。";
    StaffPinLocked, "STAFF_PIN_LOCKED", Refuse, "员工卡 PIN 已锁定。", "PIN 连续输错，次数已用完。", "用密码登录，并向中心换领员工卡。";
    SignInOfflineExpired, "SIGN_IN_OFFLINE_EXPIRED", Refuse, "离线登录已过期，须联网登录。", "离线时间太久，本机缓存的登录凭据已失效。", "等线路恢复后登录。";
    RoleMissing, "ROLE_MISSING", Refuse, "您没有办理此项的权限。", "您的工号没有这项权限。", "请有权限的人员办理或授权。";
    NotSignedIn, "NOT_SIGNED_IN", Refuse, "请先登录。", "没有登录，或登录已失效。", "请用工号和密码登录。";
    RuleSetInvalid, "RULE_SET_INVALID", Refuse, "规则文件有误：{where}。", "规则文件缺项、写错或互相矛盾。", "请系统管理员按提示的文件、行号改正；在此之前沿用旧版本。";
    RuleSetOlder, "RULE_SET_OLDER", Refuse, "版本 {version} 不新于已发布的 {newest}（自 {date} 起）。", "同名版本已发布过，或生效日早于已发布的版本。", "换新的版本号，生效日不早于已发布的版本。";
    RuleSetInPast, "RULE_SET_IN_PAST", Refuse, "生效日 {date} 已过。", "规则不能对已办的业务追溯生效。", "把生效日改为今天或以后，再发布。";
    RuleSetSignatureWrong, "RULE_SET_SIGNATURE_WRONG", Exception, "中心发来的规则 {version} 签名不符，未采用，沿用旧版本。", "规则内容被改动过，或不是由中心发布。", "报主管联系中心核对；在此之前照旧版本办理。";
    ReservationMayHaveWritten, "RESERVATION_MAY_HAVE_WRITTEN", Refuse, "{no} 可能已写卡，不能释放。", "写卡密钥已为这一笔发出，或写卡结果待查，卡上可能已扣款或已充值。", "请原窗口或任一窗口用原卡核对；卡找不回的按核销办理。";
    MatterSettled, "MATTER_SETTLED", Refuse, "{no} 已有结果，不再是未决。", "这一笔已办结、已释放或已核销。", "刷新清单，核对已有的结果。";
    NothingToWriteOff, "NOTHING_TO_WRITE_OFF", Refuse, "{no} 没有挂账金额，不能核销。", "这一笔没有资金在待查科目。", "没有写卡的可以释放；其他的等原卡核对。";
    ClaimConflict, "CLAIM_CONFLICT", Exception, "该权益已被 {outlet} {window} 于 {time} 受理，单号 {no}。", "另一处已先受理同一权益，本单不再生效。", "把先受理的单号告诉客户；没有付过款，不需要追回。";
    DeviceUnknown, "DEVICE_UNKNOWN", Refuse, "本机未在中心登记。", "本机没有登记，或登记已被撤销。", "请主管联系中心登记本机。";
    RequestChanged, "REQUEST_CHANGED", Exception, "同一请求号的内容与首次不一致。", "同一请求号被用于两个不同的请求。", "停止办理这一笔，报主管联系中心。";
    PurseEmpty, "PURSE_EMPTY", Refuse, "卡内余额为 0，无需退值。", "刚读到的余额是 0.00。", "告知客户不需要退值，可直接换卡。";
    TransitNotOpened, "TRANSIT_NOT_OPENED", Refuse, "该卡未开通交通功能。", "没有开通交通功能，卡里没有交通余额。", "告知客户不需要退值。";
    PurseSoldToday, "PURSE_SOLD_TODAY", Refuse, "今日售出的卡当日不能退值。", "这张卡今天才售出。", "请客户明天起再来办理。";
    RefundUnsupported, "REFUND_UNSUPPORTED", Refuse, "该卡种不能在柜面退值。", "该卡种没有可由柜面退出的钱包。", "按不可读退值登记，由后台处理。";
    CaseSuspended, "CASE_SUSPENDED", Exception, "该卡有一笔待查业务（{no}），须先查清。", "这张卡有一笔写卡结果没有查清。", "先在未完业务中查清那一笔；不在本机的报主管。";
    OfflineNotAccepted, "OFFLINE_NOT_ACCEPTED", Refuse, "离线时不能办理：{why}", "现在连不上中心，这一步必须由中心确认。", "等线路恢复后办理，或指引客户到其他网点。";
    OfflineAccepted, "OFFLINE_ACCEPTED", Info, "离线受理，未生效；请保留回执。", "现在连不上中心，只能先受理。", "把回执交给客户，说明线路恢复后才生效。";
    OfflineLimit, "OFFLINE_LIMIT", Refuse, "离线受理已达上限（{limit}）。", "本机离线受理的笔数已到上限。", "等线路恢复上传后再受理。";
    OfflineValidation, "OFFLINE_VALIDATION", Refer, "离线时不能增效，请到学校增效机或自助终端办理。", "写卡密钥在中心，离线时算不出来。", "告知可增效的地点；或等线路恢复。";
    AmountInvalid, "AMOUNT_INVALID", Refuse, "金额填写有误。", "金额不是数字、小数超过两位或超出范围。", "重新输入，例如 36.50。";
    FieldRequired, "FIELD_REQUIRED", Refuse, "请填写：{field}。", "这一项没有填。", "填写后再继续。";
    FieldInvalid, "FIELD_INVALID", Refuse, "填写有误：{field}。", "格式或长度不对。", "按提示的格式重新填写。";
    CashTenderedShort, "CASH_TENDERED_SHORT", Refuse, "实收不足，还差 {x} 元。", "录入的实收金额少于应收。", "请客户补足，或核对录入的金额。";
    AuthorisationNeeded, "AUTHORISATION_NEEDED", Info, "须由主管授权（{level}）。", "金额或情形超过柜员权限。", "请有权限的人到窗口核对后授权。";
    AuthorisationRefused, "AUTHORISATION_REFUSED", Refuse, "主管未授权：{why}。", "授权人没有同意。", "向客户说明，或按授权人意见处理。";
    BlanksDiffer, "BLANKS_DIFFER", Warn, "空白卡与系统不符，差 {n} 张。", "清点的空白卡与系统记录不同。", "复点一遍；仍不符的报主管，按实数开始。";
    DayClosed, "DAY_CLOSED", Refuse, "您今日已日结，不能再办理。", "日结后当天不能再办业务。", "请其他窗口办理；明天日始后再办。";
    TillFull, "TILL_FULL", Refuse, "尾箱现金已到上限，请先上交。", "尾箱里的现金超过了允许留存的数额。", "请先向主管上交一部分现金，再收款。";
    DayNotOpen, "DAY_NOT_OPEN", Refuse, "今日尚未日始。", "没有清点备用金和空白卡。", "先做日始。";
    PersonNotFound, "PERSON_NOT_FOUND", Refuse, "中心没有此人的登记。", "号码录错，或此人没有登记。", "核对号码重新查询；确实没有的请联系学校或发卡方。";
    CaseNotFound, "CASE_NOT_FOUND", Refuse, "本机流水中没有这个单号。", "单号录错，或是别的窗口办理的。", "核对凭证上的单号；别的窗口的到那台电脑上查。";
    CardNotFound, "CARD_NOT_FOUND", Refuse, "中心没有此卡的登记。", "卡号不在中心的登记中。", "核对卡号；确认无误的报主管。";
    NoActiveCard, "NO_ACTIVE_CARD", Refuse, "该学生没有有效卡。", "没有可以补办的有效卡，可能从未领卡或已注销。", "查询首发进度；有疑问请联系学校。";
    StaleAnswer, "STALE_ANSWER", Info, "画面已更新，请看新内容。", "按键时画面已经变了，这次按键没有生效。", "看清当前画面后再操作。";
    JournalBroken, "JOURNAL_BROKEN", Exception, "本机流水校验不通过，已停用。", "流水的校验值前后对不上，可能被改动或损坏。", "停止使用本机，不要删除任何文件，请主管联系中心。";
    Internal, "INTERNAL", Exception, "程序内部错误（{where}）。", "程序遇到没有预料的情况。", "记下提示内容报系统管理员；业务可从未完业务中恢复。";
    ResetTooOften, "RESET_TOO_OFTEN", Warn, "近 {days} 日已重置 {n} 次，须主管授权。", "短期内重置次数偏多，防止被人冒用。", "核实监护人身份后请主管授权。";
    CardLeft, "CARD_LEFT", Warn, "读卡器上还有卡，请先归还再叫下一位。", "上一位市民的卡还在读卡器上。", "取下卡片，连同证件一起归还市民。";
    NobodyWaits, "NOBODY_WAITS", Info, "现在没有人等候。", "叫号系统里没有等候的号。", "稍后再叫，或直接办理来人的业务。";
    PaperOut, "PAPER_OUT", Info, "{paper}已打印。", "这张纸已从打印机出来。", "交给客户；仍需要时可补打。";
    PaperGlyphMissing, "PAPER_GLYPH_MISSING", Warn, "字体缺字：{chars}，请手工书写。", "字库里没有这个生僻字。", "在凭证空白处手工写上该字并由客户核对。";
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
    IdValidityOdd, "ID_VALIDITY_ODD", Refuse, "证件有效期不合常理，请核对证件上的有效期限。", "有效期的长短与持证人领证时的年龄不符，多半是录错。", "对照证件背面重新录入；证件上确实如此的不予受理并报主管。";
    MrzFormat, "MRZ_FORMAT", Refuse, "机读码格式不对。", "机读码的行数、长度或字符不对，多半是漏录。", "对照证件机读区逐行重新录入，空位录“<”。";
    MrzChecksum, "MRZ_CHECKSUM", Refuse, "机读码的{part}校验不符。", "机读码中有一位录错，或证件有问题。", "对照证件机读区重新录入；仍不符的不予受理并报主管。";
    IdReaderMissing, "ID_READER_MISSING", Refuse, "没有连上身份证阅读器。", "本机没有配置阅读器，或连线、电源有问题。", "检查连线后再试；也可以手工录入证件号码。";
    IdReaderNoCard, "ID_READER_NO_CARD", Refuse, "阅读器上没有感应到证件。", "证件没有放好，或上一次读过后没有拿开。", "把证件拿开，重新平放后再读；也可以手工录入。";
    IdReaderRefused, "ID_READER_REFUSED", Refuse, "证件芯片读取失败（{sw}）。", "证件芯片损坏，或阅读器的安全模块没有通过认证。", "重放再读一次；仍不行的手工录入，并在备注中说明。";
    IdReaderGarbled, "ID_READER_GARBLED", Refuse, "阅读器的答复不完整。", "阅读器答复的校验或长度不对，多半是连线不稳。", "拿开证件重放再读；反复出现的请报修，先手工录入。";
    IdFormat, "ID_FORMAT", Refuse, "证件号码格式不对，请逐位核对。", "位数不对、夹有字母，或不是这种证件的号码。", "对照证件重新录入；注意字母 O 与数字 0。";
    DocExpired, "DOC_EXPIRED", Refuse, "证件已于 {date} 到期。", "证件有效期已过，当天到期的仍可用。", "请出示有效期内的证件。";
    RegisterPageRequired, "REGISTER_PAGE_REQUIRED", Refuse, "户口簿须有本人页。", "没有见到持卡人本人的那一页。", "请出示户口簿中本人页的原件。";
    CardNotInUse, "CARD_NOT_IN_USE", Refuse, "该卡未启用或已注销。", "卡还没有启用，或已经注销。", "核对卡片；有疑问报主管。";
    FullRefundOnly, "FULL_REFUND_ONLY", Refuse, "只能全额退值（{x} 元）。", "退值不能只退一部分。", "按卡内全部余额办理，或不办。";
    LossStands, "LOSS_STANDS", Warn, "{what}已正式挂失，无需重复。", "要挂失的功能已经是正式挂失状态。", "告知客户挂失有效；要恢复使用的办解挂，要新卡的办补卡。";
    NoLossStands, "NO_LOSS_STANDS", Refuse, "该卡没有挂失，无需解挂。", "卡的各项功能都没有挂失记录。", "告知持卡人可直接使用。";
    ReleaseNotSynced, "RELEASE_NOT_SYNCED", Exception, "银行已解挂，人社状态未同步，请稍后再查。", "银行已办解挂，人社系统还没有显示。", "请客户稍候，系统会再查；已列入异常清单。";
    CardOnItsWay, "CARD_ON_ITS_WAY", Info, "卡片{state}，请留意学校通知。", "卡已制成，正在发往学校或已在学校。", "告知家长到学校领取；学校说没有收到的报主管。";
    CodeTooOften, "CODE_TOO_OFTEN", Refuse, "现在不能补发验证码：{why}。", "补发间隔太短，或今日次数已满。", "到时间再发；急用的按密码重置办理。";
    WrongHolder, "WRONG_HOLDER", Refuse, "这张卡不是该持卡人的卡。", "所刷的卡不在该持卡人名下。", "核对卡和证件；拾获卡只交还持卡人本人或其监护人。";
    FoundNotKnown, "FOUND_NOT_KNOWN", Refuse, "中心没有该卡的拾获登记。", "收存的网点还没有登记到中心，或已交还过。", "核对袋签；离线收存的等线路恢复登记后再交还。";
    CardReadable, "CARD_READABLE", Refuse, "卡片可以读取，请按可读退值办理。", "试读时卡片有应答。", "取消本笔，改办可读退值，当场退款。";
    PayoutUnknown, "PAYOUT_UNKNOWN", Refuse, "没有这张待退凭单，或证件不是登记时的证件。", "单号录错，或来人不是登记的持卡人。", "核对凭单号和证件；凭单遗失的凭登记证件请主管查询。";
    PayoutNotReady, "PAYOUT_NOT_READY", Refuse, "这笔退款还没有清算好，{date} 起再来办理。", "后台还在等外地乘车记录清算。", "告知客户到期再来；钱不会少，凭单请保留。";
    OrderUnknown, "ORDER_UNKNOWN", Refuse, "没有待领的卡。", "没有制卡订单，或已经领走。", "查询申领进度；没有申领的先办申领。";
    OrderSent, "ORDER_SENT", Refuse, "卡片已邮寄，运单号 {no}。", "申领时选择了邮寄。", "请客户凭运单号查询；退回网点后再来领取。";
    OrderSentBack, "ORDER_SENT_BACK", Refer, "卡片逾期未领，已于 {date} 退回中心。", "制好的卡在网点放满期限没有人来领。", "请客户联系中心办理；单号和证件照常核对。";
    UpstreamSilent, "UPSTREAM_SILENT", Warn, "{system}暂时没有答复。", "中心向该系统查询时没有得到答复。", "点“再试”；仍不行的稍后再办，或指引客户致电该系统。";
    Programme, "PROGRAMME", Refuse, "发卡方案规定：{code}。", "发卡方案的规定。", "按规则原文（F1）向客户说明。";
}
