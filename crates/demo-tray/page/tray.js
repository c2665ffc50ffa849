// The tray's page: shows what the simulator tells and passes on what is asked. It keeps no state of its own.

const invoke = window.__TAURI__.core.invoke;
const KEYS = "1234567890";
const NAMES = {
  "education-current": "学生卡（本月有效）",
  "education-expired": "学生卡（已过期）",
  "blank-1": "空白卡一",
  "blank-2": "空白卡二",
  "blank-3": "空白卡三",
  "purse-unload": "一卡通（可圈提）",
  "purse-refuses-unload": "一卡通（不支持圈提）",
  "purse-above-limit": "一卡通（大额余额）",
  "unknown-family": "不认识的卡",
  "purse-empty": "一卡通（零余额）",
  "purse-lost": "一卡通（已挂失）",
  "purse-only-blocks": "一卡通（只能锁卡退值）",
};
const TROUBLE = {
  no_tray: "卡片模拟器没有应答，请确认演示仍在运行。",
  no_reader: "虚拟读卡器没有就绪，请稍后再试。",
  refused: "卡片模拟器拒绝了这个操作。",
  garbled: "卡片模拟器的应答无法识别。",
};
const TOP_UP_FEN = 2000;
const REFRESH_MS = 700;

const at = (id) => document.getElementById(id);
let rows = [];
let order = [];

function title(card) {
  const name = NAMES[card.name] ?? card.name;
  return card.name.startsWith("blank") && card.facts.readable && !card.facts.blank ? `新卡（原${name}）` : name;
}

function yuan(fen) {
  const sign = fen < 0 ? "-" : "";
  const abs = Math.abs(fen);
  return `${sign}${Math.floor(abs / 100)}.${String(abs % 100).padStart(2, "0")} 元`;
}

function detail(card) {
  const facts = card.facts;
  if (!facts.readable) return "没有已知的应用";
  if (facts.blank) return "未写卡";
  const parts = [`尾号 ${facts.number.slice(-4)}`];
  if (facts.balance_fen !== null) parts.push(yuan(facts.balance_fen));
  else if (facts.valid_until) parts.push(`有效期至 ${facts.valid_until}`);
  return parts.join(" · ");
}

function kind(card) {
  if (!card.facts.readable) return "unknown";
  if (card.facts.balance_fen !== null) return "purse";
  return card.facts.blank ? "blank" : "education";
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// Rows are made once and then only changed, so that focus and a pressed key survive every refresh.
function rowFor(card, index) {
  const button = element("button", "card");
  button.type = "button";
  const name = element("span", "name");
  const note = element("span", "detail");
  button.append(element("span", "band"), name, note);
  if (index < KEYS.length) button.append(element("kbd", "", KEYS[index]));
  button.addEventListener("click", () => toggle(card.name));
  const item = element("li");
  item.append(button);
  let topUp = null;
  if (card.facts.balance_fen !== null) {
    topUp = element("button", "top-up", `充 ${TOP_UP_FEN / 100} 元`);
    topUp.type = "button";
    topUp.title = "在别处的自助机上充值";
    topUp.addEventListener("click", () => ask("load", { name: card.name, fen: TOP_UP_FEN }));
    item.append(topUp);
  }
  at("cards").append(item);
  return { button, name, note, topUp };
}

function show(tray) {
  const names = tray.cards.map((card) => card.name);
  if (names.join() !== order.join()) {
    order = names;
    at("cards").replaceChildren();
    rows = tray.cards.map(rowFor);
  }
  tray.cards.forEach((card, index) => {
    const row = rows[index];
    const lies = card.slot !== null;
    row.button.className = `card ${kind(card)}`;
    row.button.setAttribute("aria-pressed", String(lies));
    row.button.dataset.card = card.name;
    row.name.textContent = title(card);
    row.note.textContent = detail(card) + (card.torn ? " · 中途离开" : "");
    if (row.topUp) row.topUp.setAttribute("aria-label", `${title(card)}充值 ${TOP_UP_FEN / 100} 元`);
  });
  const lying = tray.cards.find((card) => card.slot !== null);
  put(at("lying"), lying ? title(lying) + (lying.reader_there ? "" : "（读卡器不在）") : "空");
  at("off").disabled = !lying;
  at("mute").setAttribute("aria-pressed", String(tray.mute));
  const tear = tray.tear;
  put(at("armed"), tear ? `再过 ${tear.in_commands} 条指令，卡片在执行${tear.side === "after" ? "后" : "前"}离开。` : "");
}

// Live regions speak on every write, so they are written only when the words change.
function put(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

async function ask(command, parameters) {
  try {
    await invoke(command, parameters);
    put(at("notice"), "");
  } catch (code) {
    put(at("notice"), TROUBLE[code] ?? TROUBLE.garbled);
    return;
  }
  await refresh();
}

async function refresh() {
  try {
    show(await invoke("tray"));
    if (at("notice").textContent === TROUBLE.no_tray) put(at("notice"), "");
  } catch (code) {
    put(at("notice"), TROUBLE[code] ?? TROUBLE.garbled);
    put(at("lying"), "未连接");
  }
}

function toggle(name) {
  const lies = rows[order.indexOf(name)]?.button.getAttribute("aria-pressed") === "true";
  return lies ? ask("off") : ask("put", { name });
}

function nth() {
  const value = Number.parseInt(at("nth").value, 10);
  return Number.isInteger(value) && value >= 1 ? value : 1;
}

at("off").addEventListener("click", () => ask("off"));
at("tear-before").addEventListener("click", () => ask("tear", { after: false, nth: nth() }));
at("tear-after").addEventListener("click", () => ask("tear", { after: true, nth: nth() }));
at("mute").addEventListener("click", () => ask("mute", { on: at("mute").getAttribute("aria-pressed") !== "true" }));
at("calm").addEventListener("click", () => ask("calm"));

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target instanceof HTMLInputElement) return;
  if (event.key === "Escape") {
    event.preventDefault();
    ask("off");
    return;
  }
  const index = KEYS.indexOf(event.key);
  if (event.key.length === 1 && index >= 0 && order[index]) {
    event.preventDefault();
    toggle(order[index]);
  }
});

async function keepLooking() {
  await refresh();
  setTimeout(keepLooking, REFRESH_MS);
}
keepLooking();
