"""The bot's words in English."""

from shared_lib.domain.language import Plural
from shared_lib.usecases.words.phrases import Phrase, Words

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)

ENGLISH: Words = {
    Phrase.USD: "${dollars}.{cents}",
    Phrase.DATE: "{day} {month} {year}",
    Phrase.MOMENT_UTC: "{date}, {time} UTC",
    Phrase.MOMENT_TODAY: "{date}, {time} UTC (in less than a day)",
    Phrase.MOMENT_IN_DAYS: {
        Plural.ONE: "{date}, {time} UTC (in {count} day)",
        Plural.MANY: "{date}, {time} UTC (in {count} days)",
    },
    Phrase.MOMENT_ZONED: "{date}, {time} ({zone})",
    Phrase.DAYS: {Plural.ONE: "{count} day", Plural.MANY: "{count} days"},
    Phrase.FOR_LIFE: "for life",
    Phrase.ACCESS_FOR_LIFE: "access for life",
    Phrase.WARNING: (
        "<i>This bot never writes first about stuck money. "
        "Strangers who offer help with a payment are impostors.</i>"
    ),
    Phrase.WELCOME: (
        "👋 <b>Welcome.</b>\n\nThis bot sells access to private channels for crypto. "
        "Open an offer in a channel to begin.\n\n"
        "/status with an order's number shows how a payment is doing; /help shows all the rest."
    ),
    Phrase.HELP: (
        "❓ <b>What you can send here</b>\n\n"
        "/access — what is open to you, and the way in\n"
        "/renew — go on before your access ends, or come back\n"
        "/status and an order's number — how a payment is doing\n"
        "/refund and an order's number — have back what came in part\n"
        "/donate — support a channel\n"
        "/language — the language of this bot\n"
        "/timezone — the time zone in which times are shown\n"
        "/cancel — stop what you have begun\n\n"
        "For owners of channels:\n"
        "/database — set up a channel that you sell\n"
        "/link and a code — join your account of the dashboard\n"
        "/notifications — be told of sales, donations and payouts"
    ),
    Phrase.OFFER_INTRODUCTION: "Choose a way in; the price is paid in any coin.",
    Phrase.OFFER_TIER: "{medal} {price} · {days}",
    Phrase.OFFER_GONE: (
        "This offer is no longer available.\n\n"
        "Please open the newest offer in the channel; nothing was charged."
    ),
    Phrase.OFFER_BLOCKED: (
        "The owner of {blocked_in} has blocked you there, so that you cannot buy access.\n\n"
        "Nothing was charged."
    ),
    Phrase.INVOICE: (
        "🧾 <b>{channel}</b>\n{description}\n\n<b>{price}</b> · {days}\n\n"
        "Choose a coin on the payment page. You are let in as soon as the payment is confirmed."
        "\n\nOrder <code>{order}</code>"
    ),
    Phrase.INVOICE_DONATION: (
        "💝 A donation of <b>{price}</b> to <b>{channel}</b>.\n\nChoose a coin on the payment "
        "page. Whatever comes is the donation; it brings no access.\n\n"
        "Order <code>{order}</code>"
    ),
    Phrase.INVOICE_FAILED: (
        "The payment provider does not answer at the moment.\n\n"
        "Nothing was charged. Please open the offer again in a few minutes."
    ),
    Phrase.INVOICE_FAILED_DONATION: (
        "The payment provider does not answer at the moment.\n\n"
        "Nothing was charged. Please confirm the donation again in a few minutes."
    ),
    Phrase.BUTTON_PAY: "Pay {price}",
    Phrase.PAYMENT_REVIEWED: (
        "🔎 Your payment arrived, and not as the order asked. A person is looking at it.\n\n"
        "Order <code>{order}</code>"
    ),
    Phrase.PAYMENT_EXPIRED: (
        "The payment for order <code>{order}</code> ended without success: nothing came in time."
    ),
    Phrase.PAYMENT_FAILED: (
        "The payment for order <code>{order}</code> ended without success: "
        "the payment provider reports a failure."
    ),
    Phrase.PAYMENT_REFUNDED: (
        "The payment for order <code>{order}</code> ended without success: "
        "the payment provider has sent it back."
    ),
    Phrase.BUY_AGAIN: "To try again, open the offer in the channel once more.",
    Phrase.DONATE_AGAIN: "To try again, send /donate.",
    Phrase.PAID_MORE: (
        "💰 You paid more than the price of order <code>{order}</code>.\n\n"
        "Added to your access for it: {days}."
    ),
    Phrase.PAID_IN_PART: (
        "⚖️ Less than the price of order <code>{order}</code> came for <b>{channel}</b>."
    ),
    Phrase.PAID_IN_PART_AGAIN: (
        "⚖️ More money came for order <code>{order}</code> of <b>{channel}</b>, which is paid."
    ),
    Phrase.PART_MISSING: (
        "It is kept for you. <b>{missing}</b> of {price} are missing; "
        "you can pay them until {moment}."
    ),
    Phrase.PART_IS_WORTH: "If you don't, you get what your part is worth: {days}.",
    Phrase.PART_REFUND: "To have it back instead, send <code>/refund {order}</code>.",
    Phrase.BUTTON_PAY_MISSING: "Pay the missing {missing}",
    Phrase.DAYS_FOR_PART: (
        "⚖️ The rest of order <code>{order}</code> was not paid.\n\n"
        "For the part that came you get: {days}."
    ),
    Phrase.REFUND_NONE: (
        "There is nothing of yours to refund for this order. Please check its number."
    ),
    Phrase.REFUND_ASKED: (
        "↩️ You asked to have back what came for order <code>{order}</code>.\n\n"
        "An operator sees to it, and you are told here when it is done."
    ),
    Phrase.REFUNDED: (
        "↩️ What came for order <code>{order}</code> was given back to you.\n\n"
        "Evidence: <code>{evidence}</code>"
    ),
    Phrase.WHY_PAID: "✅ <b>Payment received.</b>",
    Phrase.WHY_GRANTED: "🎁 <b>The channel's owner has given you access.</b>",
    Phrase.WHY_AGAIN: "🚪 <b>Your way in, once more.</b>",
    Phrase.OPEN_UNTIL: "{channel} is open to you until {moment}.",
    Phrase.OPEN_FOR_LIFE: "{channel} is open to you for life.",
    Phrase.HOW_TO_JOIN: "Tap the button and ask to join; you are let in within seconds.",
    Phrase.BUTTON_JOIN: "Join the channel",
    Phrase.INSIDE_UNTIL: "You are already inside {channel}; your access now runs until {moment}.",
    Phrase.INSIDE_FOR_LIFE: "You are already inside {channel}; your access now runs for life.",
    Phrase.ACCESS_TAKEN: "🚪 The owner of <b>{channel}</b> has ended your access.",
    Phrase.ENDS_SOON: "⏳ Your access to <b>{channel}</b> runs until {moment}.",
    Phrase.RENEW_NOW: "You can renew it now; nothing of the time that is left gets lost.",
    Phrase.BUTTON_RENEW: "Renew",
    Phrase.BUTTON_COME_BACK: "Come back",
    Phrase.ACCESS_ENDED: (
        "🚪 Your access to <b>{channel}</b> has ended, and you are out of the channel."
    ),
    Phrase.ONE_TAP_BACK: "One tap brings you back.",
    Phrase.STANDING_UNTIL: "✅ <b>{channel}</b> is open to you until {moment}.",
    Phrase.STANDING_FOR_LIFE: "✅ <b>{channel}</b> is open to you for life.",
    Phrase.STANDING_OVER: "🚪 Your access to <b>{channel}</b> is over.",
    Phrase.WAY_IN_FOLLOWS: "If you are not inside, the way in comes with the next message.",
    Phrase.NO_ACCESS: (
        "You have no access to any channel yet.\n\nOpen an offer in a channel to begin."
    ),
    Phrase.NOTHING_TO_RENEW: (
        "There is nothing that you could renew.\n\nOpen an offer in a channel to begin."
    ),
    Phrase.REMOVAL_FAILED: (
        "⚠️ Somebody whose access to <b>{channel}</b> has ended could not be removed "
        "(id <code>{member}</code>).\n\nPlease see to it that the bot is an administrator of the "
        "channel and may ban users. It is tried again by itself."
    ),
    Phrase.REMOVALS_STOPPED: {
        Plural.ONE: (
            "⚠️ {count} person was removed from <b>{channel}</b> within a day, as their access "
            "had ended. That is more than usual, so that an operator looks before the others go."
        ),
        Plural.MANY: (
            "⚠️ {count} people were removed from <b>{channel}</b> within a day, as their access "
            "had ended. That is more than usual, so that an operator looks before the others go."
        ),
    },
    Phrase.RIGHTS_LOST: (
        "⚠️ The bot lacks rights in <b>{channel}</b>:\n{missing}\n\nUntil it has them nobody can "
        "be let in or removed there. Open the channel's administrators in Telegram, choose the "
        "bot, and allow them."
    ),
    Phrase.RIGHT_TO_POST: "• Post messages",
    Phrase.RIGHT_TO_INVITE: "• Invite users via link",
    Phrase.RIGHT_TO_REMOVE: "• Ban users",
    Phrase.WALLET_CHANGED: (
        "🏦 <b>{channel}</b> is now paid out in {asset} to <code>{address}</code>.\n\n"
        "Nothing is paid out until {moment}. If this was not you, change it back before then."
    ),
    Phrase.CHANNEL_CLOSED: (
        "🏁 <b>{channel}</b> is closed: nobody has access any more, and all that could be paid "
        "out is paid out.\n\nIts statement stays where it was."
    ),
    Phrase.OFFER_PAUSED: (
        "📣 The offer could not be posted in <b>{chat}</b> five times in a row, so that we have "
        "stopped trying.\n\nTelegram says: <i>{reason}</i>\n\nMake this bot an administrator of "
        "that chat who may post messages, and then have the offer posted again."
    ),
    Phrase.DONATE_BUTTON_PAUSED: (
        "📣 The button for donations could not be posted in <b>{chat}</b> five times in a row, so "
        "that we have stopped trying.\n\nTelegram says: <i>{reason}</i>\n\nMake this bot an "
        "administrator of that chat who may post messages, and then have it posted again."
    ),
    Phrase.OFFER_UNSURE: (
        "📣 Telegram did not say whether the offer was posted in <b>{chat}</b>.\n\n"
        "If it is missing there, have it posted again. If it then stands there twice, delete the "
        "older one: this bot cannot."
    ),
    Phrase.DONATE_BUTTON_UNSURE: (
        "📣 Telegram did not say whether the button for donations was posted in <b>{chat}</b>.\n\n"
        "If it is missing there, have it posted again. If it then stands there twice, delete the "
        "older one: this bot cannot."
    ),
    Phrase.NEWS_SALE: "🎉 <b>{channel}</b> was bought: {received} received, {owners} of it yours.",
    Phrase.NEWS_DONATION: (
        "💝 A donation to <b>{channel}</b>: {received} received, {owners} of it yours."
    ),
    Phrase.NEWS_SENT: (
        "🏦 A payout of <b>{channel}</b> is on its way: {money}, to <code>{address}</code>."
    ),
    Phrase.NEWS_SETTLED: (
        "✅ A payout of <b>{channel}</b> has arrived: {money}, at <code>{address}</code>."
    ),
    Phrase.NEWS_ON: "🔔 You are told here of every sale, donation and payout of your channels.",
    Phrase.NEWS_OFF: (
        "🔕 You are not told here of sales, donations and payouts; "
        "only of what needs you, and of changes of your wallet."
    ),
    Phrase.BUTTON_NEWS_ON: "🔔 Tell me",
    Phrase.BUTTON_NEWS_OFF: "🔕 Don't tell me",
    Phrase.DONATE_INVITATION: "💝 You like <b>{title}</b>? Here you can support it.",
    Phrase.BUTTON_DONATE: "💝 Donate",
    Phrase.DONATE_HOW: (
        "💝 To donate, tap the button for donations in the channel that you want to support.\n\n"
        "Channels that you have access to are also listed here by /donate."
    ),
    Phrase.DONATE_WHICH: "💝 Which channel do you want to support?",
    Phrase.KEYPAD: (
        "💝 Your donation to <b>{channel}</b>\n\n<b>${typed}</b>\n\nFrom {least} to {most}."
    ),
    Phrase.KEY_CLEAR: "Clear",
    Phrase.KEY_CANCEL: "✖ Cancel",
    Phrase.KEY_DONATE: "✅ Donate",
    Phrase.DONATION_OVER: "💝 This donation was ended. Send /donate to begin another.",
    Phrase.DONATION_FIXED: "💝 Your donation to <b>{channel}</b>: <b>{price}</b>",
    Phrase.DONATION_RECEIVED: (
        "💝 <b>Thank you!</b>\n\nYour donation to <b>{channel}</b>, worth {value}, has arrived."
        "\n\nOrder <code>{order}</code>"
    ),
    Phrase.ORDER_UNKNOWN: "No order of yours has this number. Please check it and try again.",
    Phrase.ORDER_OPEN: (
        "📦 Order <code>{order}</code>: <b>not paid yet</b>\nWe are waiting for the payment; "
        "nothing was credited yet. The invoice can be paid until {moment}."
    ),
    Phrase.ORDER_CONFIRMING: (
        "📦 Order <code>{order}</code>: <b>payment seen</b>\nThe coin's network is confirming it. "
        "As soon as it has, you are told here; that takes minutes, and rarely some hours."
    ),
    Phrase.ORDER_REVIEWED: (
        "📦 Order <code>{order}</code>: <b>a person is looking at it</b>\nThe payment did not "
        "arrive as the order asked. You are told here what comes of it."
    ),
    Phrase.ORDER_IN_PART: (
        "📦 Order <code>{order}</code>: <b>paid in part</b>\nA part of the price came, and is "
        "kept for you. The message about it says what you can do."
    ),
    Phrase.ORDER_PAID: (
        "📦 Order <code>{order}</code>: <b>paid</b>\nThe way in was sent to you here; "
        "/access sends it once more."
    ),
    Phrase.ORDER_DONATED: (
        "📦 Order <code>{order}</code>: <b>paid</b>\nThank you for your donation."
    ),
    Phrase.ORDER_EXPIRED: (
        "📦 Order <code>{order}</code>: <b>expired</b>\nIt was not paid in time. A payment that "
        "still arrives counts."
    ),
    Phrase.ORDER_CLOSED: (
        "📦 Order <code>{order}</code>: <b>closed</b>\nThe payment ended without success. Open "
        "the offer again to retry."
    ),
    Phrase.LANGUAGE_WHICH: "🌐 Which language should this bot speak with you?",
    Phrase.BUTTON_LANGUAGE_OF_APP: "The language of my app",
    Phrase.LANGUAGE_SET: "🌐 This bot speaks English with you.",
    Phrase.ZONE_HOW: (
        "🕐 Times are shown to you like this: {moment}.\n\nTo see them in your own time zone, send "
        "<code>/timezone Europe/Madrid</code> with the name of yours; for UTC, send "
        "<code>/timezone UTC</code>."
    ),
    Phrase.ZONE_UNKNOWN: (
        "🕐 There is no time zone with the name “{zone}”.\n\nA name has a region and a city, such "
        "as <code>Europe/Madrid</code>, <code>America/Bogota</code> or <code>Asia/Almaty</code>."
    ),
    Phrase.ZONE_SET: "🕐 From now on times are shown to you like this: {moment}.",
    Phrase.ZONE_CLEARED: "🕐 Times are shown to you in UTC again: {moment}.",
    Phrase.CANCELLED: "✖ What you had begun is dropped.",
    Phrase.NOTHING_TO_CANCEL: "There is nothing that you have begun.",
    Phrase.PRESS_OLD: "This button is too old. Send /help to see what you can do.",
    Phrase.PRESS_KEYPAD_OVER: "This keypad is over. Send /donate to begin anew.",
    Phrase.PRESS_TWICE: "Two presses came at once; please look at the amount.",
    Phrase.PRESS_UNSURE: "Please look at the amount, and press again if it is not what you typed.",
    Phrase.PRESS_FIXED: "The amount is confirmed already.",
    Phrase.PRESS_LIMITS: "From {least} to {most}, please.",
    # The form by which owners set up a channel.
    Phrase.FORM_WHICH: "🗂 Which channel do you want to set up?",
    Phrase.FORM_FIRST: "🗂 You have no channel here yet. Create your first one.",
    Phrase.FORM_NEW: "🗂 <b>A new channel</b>",
    Phrase.FORM_OF: "🗂 <b>{title}</b>",
    Phrase.FORM_SUMMARY: (
        "📣 Open chat: {open}\n🔐 Closed chat: {closed}\n🎟 Tiers: {tiers}\n🏦 Wallet: "
        "{wallet}\n💸 Payouts: {payouts}\n⏳ People may stay after their end: {grace}"
    ),
    Phrase.FORM_HINT: "Nothing is changed before you save.",
    Phrase.FORM_EMPTY: "not set yet",
    Phrase.FORM_INSTANT: "each sale at once",
    Phrase.FORM_THRESHOLD: "collected up to {threshold}",
    Phrase.FORM_TIER: "{price} · {days}",
    Phrase.FORM_CHAT: "📝 <b>{title}</b>\n{description}\n\nChat id: <code>{chat_id}</code>",
    Phrase.FORM_OPEN_CHAT: "📣 The open chat is public; the offer is posted there.",
    Phrase.FORM_CLOSED_CHAT: (
        "🔐 The closed chat is what you sell. This bot must be an administrator of both."
    ),
    Phrase.FORM_TIERS_ABOUT: (
        "🎟 Up to three tiers; those with ✅ are on sale. Who has bought one keeps its terms."
    ),
    Phrase.FORM_WALLET_ABOUT: (
        "🏦 Where you are paid.\n\nCoin: {coin}\nAddress: <code>{address}</code>\nMemo or tag: "
        "<code>{memo}</code>"
    ),
    Phrase.FORM_WALLET_HOLD: (
        "After a change of the wallet nothing is paid out for a while, and you are told."
    ),
    Phrase.FORM_NETWORKS_ABOUT: "🏦 On which network do you want to be paid?",
    Phrase.FORM_COINS_ABOUT: "🏦 Which coin on {network}?",
    Phrase.FORM_PAYOUTS_ABOUT: (
        "💸 Instant: each sale is paid out at once, in your coin. Threshold: sales are turned "
        "into USDT at once, held, and paid out together from an amount on."
    ),
    Phrase.BUTTON_FORM_NEW: "🆕 Create new",
    Phrase.BUTTON_FORM_OPEN: "📣 Open chat",
    Phrase.BUTTON_FORM_CLOSED: "🔐 Closed chat",
    Phrase.BUTTON_FORM_TIERS: "🎟 Tiers",
    Phrase.BUTTON_FORM_WALLET: "🏦 Wallet",
    Phrase.BUTTON_FORM_PAYOUTS: "💸 Payouts",
    Phrase.BUTTON_FORM_SAVE: "💾 Save all changes",
    Phrase.BUTTON_FORM_CANCEL: "✖ Cancel",
    Phrase.BUTTON_FORM_BACK: "⬅ Back",
    Phrase.BUTTON_FORM_CLEAR: "Leave empty",
    Phrase.BUTTON_FORM_LIFE: "♾ For life",
    Phrase.BUTTON_FORM_COIN: "Coin",
    Phrase.BUTTON_FORM_INSTANT: "{sign} Instant",
    Phrase.BUTTON_FORM_THRESHOLD: "{sign} Threshold",
    Phrase.BUTTON_FORM_TIER: "{sign} Tier {position}",
    Phrase.FIELD_CHAT_ID: "Chat id",
    Phrase.FIELD_TITLE: "Title",
    Phrase.FIELD_DESCRIPTION: "Description",
    Phrase.FIELD_PRICE: "Price {position}",
    Phrase.FIELD_DAYS: "Days {position}",
    Phrase.FIELD_ADDRESS: "Address",
    Phrase.FIELD_MEMO: "Memo or tag",
    Phrase.FIELD_THRESHOLD: "Amount",
    Phrase.FIELD_GRACE: "Days of grace",
    Phrase.ASK_CHAT_ID: (
        "✏️ Send the id of the channel or supergroup, such as <code>-1001234567890</code>, or "
        "forward a post from it."
    ),
    Phrase.ASK_TITLE: "✏️ Send a title of 1 to {most} characters.",
    Phrase.ASK_DESCRIPTION: "✏️ Send a description of at most {most} characters.",
    Phrase.ASK_PRICE: "✏️ Send a price from {least} to {most}, such as <code>9.99</code>.",
    Phrase.ASK_DAYS: "✏️ Send a number of days from 1 to {most}, or press “For life”.",
    Phrase.ASK_ADDRESS: (
        "✏️ Send the address of your wallet, as your wallet shows it for receiving. Never send "
        "a private key or a seed phrase to anyone."
    ),
    Phrase.ASK_MEMO: (
        "✏️ Send the memo or tag that your wallet or exchange shows beside the address."
    ),
    Phrase.ASK_THRESHOLD: (
        "✏️ Send the amount from which on you are paid out, {least} or more, such as "
        "<code>50</code>."
    ),
    Phrase.ASK_GRACE: "✏️ Send a number of days from 0 to {most}.",
    Phrase.FORM_REFUSED: "⚠️ That does not fit here.",
    Phrase.FORM_SECRET: (
        "🔐 <b>That looks like a private key or a seed phrase.</b> It was not kept. Delete "
        "your message, and move your money to a new wallet: whoever reads it can take "
        "everything."
    ),
    Phrase.FORM_NOT_SAVED: "⚠️ <b>Nothing was saved yet.</b>",
    Phrase.FORM_BOLD: "<b>{words}</b>",
    Phrase.PROBLEM_TAKEN: "The chat <code>{chat_id}</code> belongs to a channel here already.",
    Phrase.PROBLEM_NOT_THEIRS: (
        "You must be an administrator of the chat <code>{chat_id}</code> yourself."
    ),
    Phrase.BUTTON_FORM_RESUME: "📝 Go on with what you began",
    Phrase.PROBLEM_SAME_CHAT: "The open and the closed chat must be two different ones.",
    Phrase.PROBLEM_SOLD: "The closed chat was sold already and cannot be another one.",
    Phrase.PROBLEM_TOO_MANY: "An account has at most {most} channels.",
    Phrase.PROBLEM_TIERS: "At least one tier must be on sale.",
    Phrase.PROBLEM_PRICE_LEAST: "Here a price is at least {least}.",
    Phrase.PROBLEM_COIN: "Choose a coin that you can be paid in at present.",
    Phrase.PROBLEM_ADDRESS: "The address is none that {coin} on {network} can be paid to.",
    Phrase.PROBLEM_MEMO: (
        "{coin} on {network} needs the right memo or tag, or none where none is used."
    ),
    Phrase.PROBLEM_USDT: "Payouts must be instant: USDT is not offered at present.",
    Phrase.PROBLEM_CLOSING: "The channel is being closed, and cannot be changed.",
    Phrase.PROBLEM_CHANGED: (
        "The channel was changed elsewhere meanwhile. Send /database to see it as it is now."
    ),
    Phrase.PROBLEM_CHAT_UNKNOWN: (
        "Telegram does not show the chat <code>{chat_id}</code> to this bot. Make the bot an "
        "administrator of it first."
    ),
    Phrase.FORM_SAVED: "💾 <b>{title}</b> is saved. The offer is posted anew in the open chat.",
    Phrase.FORM_OVER: "🗂 This form is over. Send /database to begin anew.",
    Phrase.PRESS_FORM_OVER: "This form is over. Send /database to begin anew.",
    Phrase.PRESS_FORM_AGAIN: "Something came in between. Please press once more.",
    # Joining an account of the dashboard.
    Phrase.LINK_HOW: (
        "🔗 To tie this Telegram account to your account of the dashboard, ask there for a "
        "code and send it here: <code>/link</code> and the code."
    ),
    Phrase.LINK_UNKNOWN: (
        "🔗 This code is not good, or not any more. Ask for another one in the dashboard; a "
        "code is good once, for 15 minutes."
    ),
    Phrase.LINK_DONE: (
        "🔗 This Telegram account and your account of the dashboard are one now: you have the "
        "same channels in both."
    ),
    Phrase.LINK_OTHER_LOGIN: (
        "🔗 This Telegram account belongs to another account of the dashboard already. Nothing "
        "was changed."
    ),
    Phrase.LINK_OTHER_TELEGRAM: (
        "🔗 Your account of the dashboard belongs to another Telegram account already. Nothing "
        "was changed."
    ),
    # Why something stands where it stands.
    Phrase.WHY_PAYMENT: "💰 Payment <code>{id}</code>",
    Phrase.WHY_PAYOUT: "🏦 Payout <code>{id}</code>",
    Phrase.WHY_MEMBERSHIP: "🚪 Access <code>{id}</code>",
    Phrase.WHY_BY: "🕐 It has happened, or a person looks at it, by {moment}.",
    Phrase.WHY_UNTIL: "🕐 Its end is {moment}.",
    Phrase.NEWS_MORE: "More about it: <code>/status {id}</code>",
}
