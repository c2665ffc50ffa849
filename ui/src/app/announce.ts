// What the live region says when the screen changes. Only what is on the screen, and never a typed value.
import type { MessageView, View } from '../ipc'

const said = (message: MessageView | null): string => (message ? `${message.text}${message.remedy}` : '')

export function announcement(view: View): string {
  const at = view.stage
  const note = said(view.notice)
  switch (at.stage) {
    case 'starting':
      return at.doing
    case 'blocked':
      return said(at.message)
    case 'signIn':
      return said(at.message) || '请登录'
    case 'locked':
      return said(at.message) || '已锁屏'
    case 'dayOpen':
      return said(at.message) || said(at.warning) || '日始'
    case 'dayClose':
      return said(at.message) || (at.closed ? '已日结' : '日结')
    case 'home': {
      const card = at.card ? `${at.card.programme}，尾号 ${at.card.tail}` : at.reading ? '正在读卡' : '请放卡或按功能键'
      return [said(at.message), card, note].filter((part) => part !== '').join('。')
    }
    case 'case': {
      const ask = at.question.ask
      const own =
        ask.ask === 'again'
          ? said(ask.message)
          : ask.ask === 'busy'
            ? ask.doing
            : ask.ask === 'putCard'
              ? `${ask.what}${said(ask.wrong)}`
              : ask.ask === 'ended'
                ? `${ask.headline}。${ask.giveBack.length > 0 ? `请归还：${ask.giveBack.join('、')}` : ''}`
                : ask.ask === 'act'
                  ? `按 ${ask.key} ${ask.label}`
                  : ''
      return [said(at.message), at.question.title, own, note].filter((part) => part !== '').join('。')
    }
    case 'papers':
      return [said(at.message), `${at.day} 凭证 ${at.rows.length} 张`, note].filter((part) => part !== '').join('。')
    case 'doctor':
      return at.findings.map(said).join('。')
    case 'exceptions':
      return [said(at.message), at.rows.length > 0 ? `异常 ${at.rows.length} 项` : '没有异常', note]
        .filter((part) => part !== '')
        .join('。')
    case 'office': {
      const room = at.room === 'rules' ? `规则发布，已发布 ${at.publications.length} 版` : `中心处理台，未决 ${at.rows.length} 笔`
      return [said(at.message), at.done ?? '', room, note].filter((part) => part !== '').join('。')
    }
    case 'outletReport':
      return [said(at.message), at.busy ? '正在汇总网点日报' : `${at.day} 网点日报，${at.agree ? '相符' : '不符'}`, note]
        .filter((part) => part !== '')
        .join('。')
    case 'report':
      return [said(at.message), `${at.day} 日报，${at.agree ? '三方相符' : '三方不符'}`, note].filter((part) => part !== '').join('。')
  }
}
