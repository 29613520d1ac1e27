// The console's page: it shows what the server says, and acts by the stand-in's control routes.

const $ = (id) => document.getElementById(id);
const view = { person: 0, chat: 0, state: null, since: "", seen: {}, answered: new Set(), run: 0 };

// ---- talking to the server -----------------------------------------------------------------------

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(typeof found.error === "string" ? found.error : "That was refused.");
  return found;
}

async function act(order, body) {
  try {
    return await ask(`/_sandbox/${order}`, body);
  } catch (error) {
    toast(error.message);
    return null;
  }
}

function toast(text) {
  const shown = element("div", { className: "toast" }, text);
  $("toasts").append(shown);
  setTimeout(() => shown.remove(), 6000);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// What is shown already stays where it is: a press that is under way on it would be lost otherwise.
function place(box, items, make) {
  const shown = new Map([...box.children].map((one) => [one.madeOf, one]));
  const wanted = items.map((item) => {
    const madeOf = JSON.stringify(item);
    const node = shown.get(madeOf) ?? Object.assign(make(item), { madeOf });
    shown.delete(madeOf);
    return node;
  });
  for (const one of [...box.children]) if (!wanted.includes(one)) one.remove();
  wanted.forEach((one, at) => { if (box.children[at] !== one) box.insertBefore(one, box.children[at] ?? null); });
}

// ---- following the state -------------------------------------------------------------------------

async function follow() {
  const run = ++view.run;
  while (run === view.run) {
    const query = new URLSearchParams({ as: view.person, chat: view.chat, since: view.since });
    try {
      const state = await ask(`/console/state?${query}`);
      if (run !== view.run) return;
      if (state.revision !== view.since) show(state);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function go(person, chat) {
  if (person !== view.person) view.answered = new Set();
  Object.assign(view, { person, chat, since: "" });
  if (view.state) for (const one of view.state.answers) view.answered.add(one.id);
  location.hash = `as=${person}&chat=${chat}`;
  follow();
}

function show(state) {
  const isFirst = view.since === "";
  Object.assign(view, { state, since: state.revision });
  if (!view.person && state.people.length) return go(state.people[0].id, state.people[0].id);
  view.seen[view.chat] = state.unread[view.chat] ?? 0;
  showPeople(state);
  showChats(state);
  showTalk(state, isFirst);
  showMembers(state);
  for (const one of state.answers) {
    if (!view.answered.has(one.id) && !isFirst) toast(one.text);
    view.answered.add(one.id);
  }
}

function showPeople(state) {
  const select = $("person");
  const people = state.people.map((one) => ({ value: one.id, name: one.first_name || "Deleted account" }));
  place(select, people.length ? people : [{ value: "", name: "nobody yet" }],
    (one) => element("option", { value: one.value }, one.name));
  if (people.length) select.value = String(view.person);
}

function showChats(state) {
  const bot = { id: view.person, title: `@${state.bot.username}`, note: "private chat with the bot" };
  const others = state.chats.filter((one) => one.can_read || one.asking.length)
    .map((one) => ({ id: one.id, title: one.title, note: noteOf(one) }));
  const rows = [bot, ...others].map((one) => ({ ...one, isShown: one.id === view.chat,
    isNew: (state.unread[one.id] ?? 0) > (view.seen[one.id] ?? 0) && one.id !== view.chat }));
  place($("chats"), rows, chatRow);
}

function chatRow(one) {
  const dot = one.isNew ? [element("span", { className: "dot", title: "new messages" })] : [];
  const button = element("button", { type: "button" }, ...dot,
    element("b", {}, one.title), element("small", {}, one.note));
  button.setAttribute("aria-current", String(one.isShown));
  button.addEventListener("click", () => { setTab("talk"); go(view.person, one.id); });
  return element("li", {}, button);
}

function noteOf(chat) {
  const words = { creator: "you own it", administrator: "you run it", member: "you are inside",
    restricted: "you are inside", left: "you can read it", kicked: "you are banned" };
  return `${chat.username ? "public" : "private"} · ${words[chat.mine] ?? chat.mine}`;
}

// ---- messages ------------------------------------------------------------------------------------

function showTalk(state, isFirst) {
  const chat = state.chats.find((one) => one.id === view.chat);
  $("talk-title").textContent = chat ? chat.title : `@${state.bot.username}`;
  $("talk-about").textContent = chat
    ? `${chat.members.filter((one) => ["member", "administrator", "creator"].includes(one.status)).length} inside · chat id ${chat.id}`
      + (chat.asking.length ? ` · asking to join: ${chat.asking.join(", ")}` : "")
    : "What you write here reaches the bot.";
  $("composer").hidden = Boolean(chat);
  showActions(chat, state);
  const box = $("messages");
  const stays = !isFirst && box.scrollHeight - box.scrollTop - box.clientHeight > 80;
  const focused = document.activeElement?.dataset?.key;
  const nothing = { empty: chat ? "Nothing was posted here yet." : "Nothing was said yet. /start begins." };
  place(box, state.messages.length ? state.messages : [nothing],
    (one) => one.empty ? element("p", { className: "empty" }, one.empty) : bubble(one));
  if (!stays) box.scrollTop = box.scrollHeight;
  if (focused) box.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
}

function bubble(message) {
  const shown = element("article", { className: message.from_bot || message.chat_id < 0 ? "bubble" : "bubble mine" });
  shown.append(...formatted(message.text ?? "", message.entities ?? []));
  const when = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  shown.append(element("time", {}, message.edit_date ? `${when} · edited` : when));
  const rows = message.markup?.inline_keyboard ?? [];
  if (rows.length) shown.append(keyboard(message, rows));
  return shown;
}

function keyboard(message, rows) {
  let index = 0;
  const shown = rows.map((row) => element("div", {}, ...row.map((button) => {
    const at = index++;
    const made = element("button", { type: "button", title: button.url ?? "" }, button.text);
    made.dataset.key = `${message.message_id}-${at}`;
    made.addEventListener("click", () => press(message, at));
    return made;
  })));
  return element("div", { className: "keys" }, ...shown);
}

// Entities are nested or apart, counted in UTF-16 units, as texts are here.
function formatted(text, entities, from = 0, to = text.length) {
  const parts = [];
  let position = from;
  const inside = entities.filter((one) => one.offset >= from && one.offset + one.length <= to)
    .sort((one, other) => one.offset - other.offset || other.length - one.length);
  for (const one of inside) {
    if (one.offset < position) continue;
    const end = one.offset + one.length;
    parts.push(text.slice(position, one.offset));
    const rest = inside.filter((other) => other !== one);
    parts.push(wrapped(one, text, rest, end));
    position = end;
  }
  parts.push(text.slice(position, to));
  return parts.filter((part) => part !== "");
}

function wrapped(entity, text, rest, end) {
  const names = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "code", blockquote: "q" };
  const content = formatted(text, rest, entity.offset, end);
  if (entity.type === "text_link") return element("a", { href: entity.url, target: "_blank", rel: "noopener" }, ...content);
  if (entity.type === "bot_command") {
    const link = element("a", { href: "#" }, ...content);
    link.addEventListener("click", (event) => { event.preventDefault(); say(text.slice(entity.offset, end)); });
    return link;
  }
  return element(names[entity.type] ?? "span", {}, ...content);
}

async function press(message, index) {
  const answer = await act("press", { user_id: view.person, chat_id: message.chat_id, message_id: message.message_id, index });
  if (answer?.url) openUrl(answer.url);
}

async function openUrl(url) {
  const host = new URL(url).hostname;
  if (host !== "t.me" && host !== "telegram.me") {
    window.open(url, "_blank", "noopener");
    return;
  }
  if (url.includes("/+")) {
    const sure = await dialog("Join this channel?", [element("p", {}, "The channel's administrators decide about your request.")], "Request to join");
    if (!sure) return;
  }
  const answer = await act("open_link", { user_id: view.person, url });
  if (!answer) return;
  const words = { requested: "You have asked to join.", joined: "You are inside.", already_member: "You are inside already.",
    already_requested: "You have asked already.", revoked: "This link was revoked.", expired: "This link has expired.",
    banned: "You are banned there.", invalid_link: "This link leads nowhere.", member_limit_reached: "This link was used up." };
  if (answer.outcome === "started") { setTab("talk"); go(view.person, view.person); } else toast(words[answer.outcome] ?? answer.outcome);
}

async function openLink() {
  const link = field("link", "Link", "", { type: "url", placeholder: "https://t.me/…" });
  if ((await dialog("Open a link", link.parts, "Open")) && link.input.value.trim()) await openUrl(link.input.value.trim());
}

async function say(text) {
  await act("say", { user_id: view.person, text });
}

// ---- channels ------------------------------------------------------------------------------------

function showActions(chat, state) {
  const actions = [];
  const me = state.people.find((one) => one.id === view.person);
  // What an action is about is part of what it is shown for, so that none acts on what was.
  const add = (label, action) => actions.push({ label, about: [chat, me, state.people], action });
  if (!chat && me) add(me.has_blocked ? "Unblock the bot" : "Block the bot", () => act("block", { user_id: me.id, blocked: !me.has_blocked }));
  if (!chat && me) add("Open a link", openLink);
  if (chat && ["creator", "administrator"].includes(chat.mine)) add("The bot's rights", () => changeRights(chat, state));
  if (chat && chat.mine === "creator") add("Add somebody", () => addMember(chat, state));
  if (chat && ["member", "administrator"].includes(chat.mine)) add("Leave", () => act("leave", { chat_id: chat.id, user_id: view.person }));
  place($("talk-actions"), actions, ({ label, action }) => {
    const button = element("button", { type: "button", className: "quiet" }, label);
    button.addEventListener("click", action);
    return button;
  });
}

const RIGHTS = { can_post_messages: "post messages", can_invite_users: "invite people", can_restrict_members: "remove people", can_delete_messages: "delete messages" };

async function changeRights(chat, state) {
  const bot = chat.members.find((one) => one.user.id === state.bot.id);
  const boxes = Object.entries(RIGHTS).map(([right, words]) => {
    const box = element("input", { type: "checkbox", name: right, checked: Boolean(bot?.[right]) });
    return element("label", { className: "check" }, box, `It may ${words}`);
  });
  if (!(await dialog("The bot as an administrator", boxes, "Save"))) return;
  const rights = Object.fromEntries(boxes.map((one) => [one.firstChild.name, one.firstChild.checked]));
  if (Object.values(rights).some(Boolean)) await act("promote", { chat_id: chat.id, user_id: state.bot.id, rights });
  else await act("demote", { chat_id: chat.id });
}

async function addMember(chat, state) {
  const select = element("select", { id: "member" }, ...state.people.map((one) => element("option", { value: one.id }, one.first_name)));
  const sure = await dialog("Add somebody", [element("label", { htmlFor: "member" }, "Who"), select], "Add");
  if (sure) await act("add_member", { chat_id: chat.id, user_id: Number(select.value) });
}

function showMembers(state) {
  const chat = state.chats.find((one) => one.id === view.chat);
  $("members-box").hidden = !chat;
  const rows = (chat?.members ?? []).map((one) => ({ chat: chat.id, id: one.user.id, status: one.status,
    name: one.user.first_name || String(one.user.id), isBannable: chat.mine === "creator" && one.status === "member" }));
  place($("members"), rows, memberRow);
}

function memberRow(one) {
  const row = element("li", {}, element("span", { className: "status" }, one.name), ` · ${one.status}`);
  if (!one.isBannable) return row;
  const ban = element("button", { type: "button", className: "quiet" }, "Ban");
  ban.addEventListener("click", () => act("ban", { chat_id: one.chat, user_id: one.id }));
  row.append(element("div", { className: "actions" }, ban));
  return row;
}

// ---- dialogs -------------------------------------------------------------------------------------

function dialog(title, body, label) {
  $("dialog-title").textContent = title;
  $("dialog-body").replaceChildren(...body);
  $("dialog-ok").textContent = label;
  const shown = $("dialog");
  shown.returnValue = "";
  shown.showModal();
  return new Promise((resolve) => shown.addEventListener("close", () => resolve(shown.returnValue === "ok"), { once: true }));
}

function field(id, label, value = "", more = {}) {
  const input = element("input", { id, value, required: true, ...more });
  return { input, parts: [element("label", { htmlFor: id }, label), input] };
}

async function newPerson() {
  const name = field("name", "First name");
  const language = element("select", { id: "language" }, ...[["en", "English"], ["ru", "Русский"], ["es", "Español"]].map(([value, words]) => element("option", { value }, words)));
  const sure = await dialog("A new person", [...name.parts, element("label", { htmlFor: "language" }, "Language of their app"), language], "Add");
  if (!sure || !name.input.value.trim()) return;
  const id = 5_000_000_000 + Math.floor(Math.random() * 900_000_000);
  if (await act("users", { id, first_name: name.input.value.trim(), language_code: language.value })) go(id, id);
}

async function newChat() {
  const title = field("title", "Title", "", { maxLength: 128 });
  const open = element("input", { type: "checkbox", id: "public" });
  const box = element("label", { className: "check" }, open, "Everybody may read it (a public channel)");
  if (!(await dialog("A new channel of yours", [...title.parts, box], "Create")) || !title.input.value.trim()) return;
  const id = -1_000_000_000_000 - Math.floor(Math.random() * 1_000_000_000);
  const username = open.checked ? `channel${-id % 1_000_000_000}` : null;
  const made = await act("chats", { id, title: title.input.value.trim(), type: "channel", username, owner_id: view.person });
  if (made) { setTab("talk"); go(view.person, id); }
}

// ---- elsewhere -----------------------------------------------------------------------------------

async function followElsewhere() {
  for (;;) {
    if (!document.hidden) {
      try {
        const news = await ask("/console/elsewhere");
        for (const [name, rows] of Object.entries(news)) showNews(name, rows);
      } catch { /* it is shown again when it answers */ }
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

function showNews(name, rows) {
  const nothing = { empty: "nothing yet" };
  place($(name), rows.length ? rows : [nothing],
    (one) => one.empty ? element("li", { className: "empty" }, one.empty) : newsRow(one));
}

function newsRow(one) {
  const status = element("span", { className: "status" }, one.status.replaceAll("_", " "));
  return element("li", {}, status, ` · ${short(one.what)}`, element("div", { className: "muted", title: one.id }, short(one.id)));
}

function short(text) {
  return text.replace(/0x[0-9a-fA-F]{20,}/g, (one) => `${one.slice(0, 10)}…${one.slice(-6)}`);
}

// ---- the page ------------------------------------------------------------------------------------

function setTab(name) {
  document.body.dataset.view = name;
  for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
}

$("person").addEventListener("change", (event) => { const id = Number(event.target.value); go(id, id); });
$("new-person").addEventListener("click", newPerson);
$("new-chat").addEventListener("click", newChat);
for (const tab of document.querySelectorAll("[data-tab]")) tab.addEventListener("click", () => setTab(tab.dataset.tab));
$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").value = "";
  if (text) await say(text);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); $("composer").requestSubmit(); }
});
$("time").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("/console/age", { user_id: view.person, days: Number($("days").value) });
    toast("They have passed.");
  } catch (error) { toast(error.message); }
});
setTab("chats");
const asked = new URLSearchParams(location.hash.slice(1));
view.person = Number(asked.get("as") ?? 0);
view.chat = Number(asked.get("chat") ?? view.person);
follow();
followElsewhere();
