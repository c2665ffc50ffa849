// A tray of cards in front of one virtual reader: what a hand does with cards, line by line over cardsim's socket.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'

import { call, sleep } from './world.mjs'

const { CARDDESK_BIN: bin, CARDDESK_WORK: work } = process.env

/** Starts a tray of its own at `port` with the cards of `list` (rows as in rules/demonstration-cards.toml). */
export async function openTray(name, port, list) {
  const folder = join(work, `tray-${name}`)
  const socket = join(work, `tray-${name}.sock`)
  await writeFile(`${folder}.toml`, list.map((row) => `[[card]]\n${Object.entries(row).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join('\n')}\n`).join('\n'))
  await call(`${bin}/cardsim`, ['--make-demo', folder, '--seed', process.env.CARDDESK_SEED, '--list', `${folder}.toml`])
  const child = spawn(`${bin}/cardsim`, ['--tray', folder, '--port', String(port), '--socket', socket], { stdio: ['ignore', 'ignore', 'inherit'] })
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 200) throw new Error(`tray ${name} does not come up`)
    await sleep(50)
  }
  const line = net.createConnection(socket)
  const waiting = []
  let heard = ''
  line.on('data', (bytes) => {
    heard += bytes
    for (let end = heard.indexOf('\n'); end >= 0; end = heard.indexOf('\n')) {
      waiting.shift()?.(heard.slice(0, end))
      heard = heard.slice(end + 1)
    }
  })
  line.on('error', () => {})
  let lying = null
  const say = (text) =>
    new Promise((done, failed) => {
      waiting.push((answer) => (answer.startsWith('ok') ? done(answer.slice(2).trim()) : failed(new Error(`${text}: ${answer}`))))
      line.write(`${text}\n`)
    })
  return {
    /** How often a mute card had to be laid down again. */
    laidAgain: 0,
    say,
    show: async (card) => JSON.parse(await say(`show ${card}`)),
    /** Lays the card on the reader unless it lies there. */
    put: async (card) => {
      const { slot } = JSON.parse(await say(`show ${card}`))
      if (slot !== null && lying === card) return
      await say(`put ${card}`)
      lying = card
    },
    off: async () => {
      await say('off')
      lying = null
    },
    armed: async () => JSON.parse(await say('list')).tear !== null,
    close: () => {
      line.destroy()
      child.kill()
    },
  }
}
