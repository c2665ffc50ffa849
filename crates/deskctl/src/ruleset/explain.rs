//! A programme in words: services with who, what, how much and what a line loss leaves; outlets and hours; limits; rules
//! with their original phrases.

use std::fmt::Write as _;

use desk_domain::ruleset::{
    Branch, FeeTaken, HolidayMode, NumberFormat, OfflineClass, Outlet, PasswordRules, RuleSet, ServiceRules, Session, Weekly,
};

const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

pub fn text(set: &RuleSet) -> String {
    let mut out = String::new();
    heading(&mut out, set);
    services(&mut out, set);
    money(&mut out, set);
    if let Some(password) = &set.password {
        tree(&mut out, password);
    }
    lines(
        &mut out,
        "照片",
        set.photo.iter().map(|photo| {
            format!(
                "满 {} 周岁须提供；JPG，{}×{} 像素，{} dpi，24 位彩色，{}～{} 字节；边框至少 {}% 的像素三色都不低于 {}",
                photo.from_age,
                photo.width,
                photo.height,
                photo.dpi,
                photo.least_bytes,
                photo.most_bytes,
                photo.white_share,
                photo.white_from
            )
        }),
    );
    lines(&mut out, "换卡、邮寄、金融功能", others(set));
    outlets(&mut out, set);
    lines(
        &mut out,
        "咨询电话",
        set.hotlines.iter().map(|hotline| {
            let hours = hotline.weekly.as_ref().map_or(String::new(), |weekly| format!("（{}）", week(weekly)));
            format!("{} {}{hours}{}", hotline.label, hotline.phone, cited(&hotline.rule))
        }),
    );
    lines(
        &mut out,
        "规则原文",
        set.rules.iter().map(|(id, rule)| format!("{id}{}：{}", if rule.derived { "（推出或暂定）" } else { "" }, rule.phrase)),
    );
    out
}

fn others(set: &RuleSet) -> impl Iterator<Item = String> {
    let replacement = set.replacement.iter().flat_map(|rule| {
        [
            format!("损坏换卡（{}）：{} {} 元{}", rule.causes.join("、"), rule.damage.label, rule.damage.amount, cited(&rule.damage.rule)),
            format!(
                "质量问题换卡：{} {} 元，须试读 {} 次均失败、无损坏痕迹并交回原卡{}",
                rule.quality.label,
                rule.quality.amount,
                rule.failed_reads,
                cited(&rule.quality.rule)
            ),
        ]
    });
    let courier = set.courier.iter().map(|rule| {
        let how = if rule.collect { "到付，柜面不收".to_owned() } else { format!("{} 元/单", rule.fee.amount) };
        format!("{}：{how}{}", rule.fee.label, cited(&rule.fee.rule))
    });
    let bank = set.bank_function.iter().map(|rule| {
        format!(
            "金融功能：发卡满 {} 年到期，提前 {} 个月提醒；由本人到银行激活{}",
            rule.years,
            rule.remind_months,
            cited(&rule.activation_rule)
        )
    });
    replacement.chain(courier).chain(bank)
}

/// Writing into a string does not fail.
fn line(out: &mut String, text: &str) {
    let _never = writeln!(out, "{text}");
}

fn lines(out: &mut String, title: &str, all: impl Iterator<Item = String>) {
    let all: Vec<String> = all.collect();
    if all.is_empty() {
        return;
    }
    line(out, &format!("\n## {title}\n"));
    for one in all {
        line(out, &format!("- {one}"));
    }
}

fn cited(rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!(" [{rule}]") }
}

fn heading(out: &mut String, set: &RuleSet) {
    line(out, &format!("# {}", set.name));
    line(out, &format!("\n{}，版本 {}，自 {} 起执行；承办：{}。", set.programme, set.version, set.effective, set.issuer));
    for text in set.text("entitlements") {
        line(out, &format!("- {text}"));
    }
}

fn services(out: &mut String, set: &RuleSet) {
    line(out, "\n## 业务");
    for service in &set.services {
        let key = if service.key.is_empty() { String::new() } else { format!("（{}）", service.key) };
        line(out, &format!("\n### {}{key} {}\n", service.label, service.capability.as_str()));
        line(out, &format!("- 谁来办：{}", applicants(set, service)));
        line(out, &format!("- 证件（任一，原件）：{}", documents(set, service)));
        line(out, &format!("- 收费：{}", fee(service)));
        line(out, &format!("- 断线时：{}", offline(service)));
        let outlets: Vec<&str> = set
            .outlets
            .iter()
            .filter(|outlet| outlet.capabilities.contains(&service.capability))
            .map(|outlet| outlet.name.as_str())
            .collect();
        line(out, &format!("- 网点：{}", if outlets.is_empty() { "无".to_owned() } else { outlets.join("、") }));
        for (code, own) in &service.messages {
            let text = own.text.as_deref().unwrap_or(code.text());
            line(out, &format!("- {}：{text}{}", code.as_str(), own.rule.as_deref().map(cited).unwrap_or_default()));
        }
    }
}

fn applicants(set: &RuleSet, service: &ServiceRules) -> String {
    if service.applicants.is_empty() {
        return "持卡人，不核验身份".to_owned();
    }
    let labels: Vec<String> = service
        .applicants
        .iter()
        .filter_map(|id| set.applicant(id))
        .map(|applicant| {
            let own = if applicant.own_document { "（另持本人证件）" } else { "" };
            let relations =
                if applicant.relations.is_empty() { String::new() } else { format!("（{}）", applicant.relations.join("、")) };
            format!("{}{own}{relations}", applicant.label)
        })
        .collect();
    labels.join("、")
}

fn documents(set: &RuleSet, service: &ServiceRules) -> String {
    if service.documents.is_empty() {
        return "不需要".to_owned();
    }
    let labels: Vec<String> = service
        .documents
        .iter()
        .filter_map(|id| set.document(id))
        .map(|kind| {
            let mut notes = Vec::new();
            if let Some(age) = kind.below_age {
                notes.push(format!("限未满 {age} 周岁"));
            }
            if kind.without_id_card {
                notes.push("限未办身份证".to_owned());
            }
            if kind.page {
                notes.push("须见本人页".to_owned());
            }
            if kind.expires {
                notes.push("须在有效期内".to_owned());
            }
            notes.push(
                match kind.number {
                    NumberFormat::ResidentId => "校验身份证号",
                    NumberFormat::HmtResidence => "校验港澳台居住证号",
                    NumberFormat::ForeignResidence => "校验永居证号",
                    NumberFormat::TravelDocument => "字母数字 5–15 位",
                }
                .to_owned(),
            );
            format!("{}（{}）{}", kind.label, notes.join("，"), cited(&kind.rule))
        })
        .collect();
    labels.join("；")
}

fn fee(service: &ServiceRules) -> String {
    if service.fee.amount.0 == 0 {
        return format!("免费{}", cited(&service.fee.rule));
    }
    format!("{} {} 元{}", service.fee.label, service.fee.amount, cited(&service.fee.rule))
}

fn offline(service: &ServiceRules) -> String {
    let class = match service.offline {
        OfflineClass::Full => "A 照常办理",
        OfflineClass::Records => "B 只能查看和登记",
        OfflineClass::Accept => "C 受理，打回执，线路恢复后生效",
        OfflineClass::Forbidden => "D 不能办理",
    };
    if service.offline_why.is_empty() { class.to_owned() } else { format!("{class}：{}", service.offline_why) }
}

fn money(out: &mut String, set: &RuleSet) {
    let mut all = Vec::new();
    if let Some(purse) = &set.purse {
        all.push(format!("电子钱包余额上限 {} 元", purse.cap));
        let taken = match purse.refund_fee_taken {
            _ if !purse.refund_fee.is_positive() => "",
            FeeTaken::Deducted => "，从余额中扣",
            FeeTaken::Cash => "，另收现金",
        };
        all.push(format!("退值手续费 {} 元{taken}，{}", purse.refund_fee, if purse.full_only { "只能全额退" } else { "可以部分退" }));
        all.push(format!("退值超过 {} 元登记身份", purse.identity_above));
        if !purse.same_day {
            all.push("当日售出的卡当日不能退".to_owned());
        }
    }
    if let Some(validity) = &set.validity {
        all.push(format!("增效：每月 {} 日（含）以前办到当月底，以后办到次月底；{} 日起提示", validity.boundary_day, validity.hint_from));
    }
    for limit in &set.authorisation.limits {
        all.push(format!("{} 超过 {} 元须{}授权", limit.capability.as_str(), limit.above, limit.level.label()));
    }
    all.push(format!("授权 {} 分钟内有效", set.authorisation.minutes));
    all.push(format!("每名柜员每日付款 {} 元以内，尾箱 {} 元以内", set.till.paid_out, set.till.most));
    all.push(format!("断线受理 {} 笔以内；离线登录 {} 小时以内", set.offline.accepted, set.offline.sign_in_hours));
    lines(out, "金额与限额", all.into_iter());
}

fn tree(out: &mut String, password: &PasswordRules) {
    let all = password.questions.iter().flat_map(|question| {
        std::iter::once(format!("{}：{}", question.id, question.title)).chain(question.options.iter().map(|option| {
            let then = match &option.then {
                Branch::Ask(id) => format!("问 {id}"),
                Branch::Refer(code) => format!("{}（{}）", code.text(), code.as_str()),
                Branch::Pass => "可以重置".to_owned(),
            };
            format!("　{} → {then}", option.label)
        }))
    });
    lines(out, "密码重置前的询问", all);
    line(
        out,
        &format!("- {} 天内 {} 次以内柜员可办，更多须{}授权", password.window_days, password.free_resets, password.authorise.label()),
    );
}

fn outlets(out: &mut String, set: &RuleSet) {
    lines(out, "网点", set.outlets.iter().map(outlet));
}

fn outlet(outlet: &Outlet) -> String {
    let holiday = match outlet.holiday {
        HolidayMode::SeparateNotice => "节假日另行通知",
        HolidayMode::Closed => "法定节假日休息",
        HolidayMode::Open => "节假日照常",
    };
    let writing = if outlet.counter_writing { "，柜面写卡" } else { "" };
    format!("{} {}（{}）{}；{holiday}{writing}{}", outlet.id, outlet.name, outlet.address, week(&outlet.weekly), cited(&outlet.rule))
}

/// Days of the same hours together.
fn week(weekly: &Weekly) -> String {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (day, sessions) in DAYS.iter().zip(&weekly.0) {
        let hours = sessions.iter().map(session).collect::<Vec<_>>().join("、");
        let hours = if hours.is_empty() { "休息".to_owned() } else { hours };
        match groups.last_mut() {
            Some((days, same)) if *same == hours => days.push_str(day),
            _ => groups.push(((*day).to_owned(), hours)),
        }
    }
    groups.into_iter().map(|(days, hours)| format!("周{days} {hours}")).collect::<Vec<_>>().join("；")
}

fn session(session: &Session) -> String {
    format!("{}–{}", session.from.format("%H:%M"), session.to.format("%H:%M"))
}
