"""The bot's words in Russian."""

from shared_lib.domain.language import Plural
from shared_lib.usecases.words.phrases import Phrase, Words

MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября"),
    *("октября", "ноября", "декабря"),
)

RUSSIAN: Words = {
    Phrase.USD: "{dollars},{cents}\N{NO-BREAK SPACE}$",
    Phrase.DATE: "{day} {month} {year} г.",
    Phrase.MOMENT_UTC: "{date}, {time} UTC",
    Phrase.MOMENT_TODAY: "{date}, {time} UTC (меньше чем через день)",
    Phrase.MOMENT_IN_DAYS: {
        Plural.ONE: "{date}, {time} UTC (через {count} день)",
        Plural.FEW: "{date}, {time} UTC (через {count} дня)",
        Plural.MANY: "{date}, {time} UTC (через {count} дней)",
    },
    Phrase.MOMENT_ZONED: "{date}, {time} ({zone})",
    Phrase.DAYS: {
        Plural.ONE: "{count} день",
        Plural.FEW: "{count} дня",
        Plural.MANY: "{count} дней",
    },
    Phrase.FOR_LIFE: "навсегда",
    Phrase.ACCESS_FOR_LIFE: "доступ навсегда",
    Phrase.WARNING: (
        "<i>Этот бот никогда не пишет первым о застрявших деньгах. "
        "Незнакомцы, которые предлагают помощь с оплатой, — мошенники.</i>"
    ),
    Phrase.WELCOME: (
        "👋 <b>Здравствуйте!</b>\n\nЭтот бот продаёт доступ к закрытым каналам за криптовалюту. "
        "Чтобы начать, откройте предложение в канале.\n\n"
        "/status с номером заказа покажет, что с оплатой; /help — всё остальное."
    ),
    Phrase.HELP: (
        "❓ <b>Что можно отправить боту</b>\n\n"
        "/access — что вам открыто и как войти\n"
        "/renew — продлить доступ заранее или вернуться\n"
        "/status и номер заказа — что с оплатой\n"
        "/refund и номер заказа — вернуть то, что пришло частично\n"
        "/donate — поддержать канал\n"
        "/language — язык бота\n"
        "/timezone — часовой пояс, в котором показано время\n"
        "/cancel — прервать начатое\n\n"
        "Для владельцев каналов:\n"
        "/database — настроить канал, который вы продаёте\n"
        "/link и код — связать с учётной записью в кабинете\n"
        "/notifications — сообщать о продажах, пожертвованиях и выплатах"
    ),
    Phrase.OFFER_INTRODUCTION: "Выберите вариант; оплатить можно любой монетой.",
    Phrase.OFFER_TIER: "{medal} {price} · {days}",
    Phrase.OFFER_GONE: (
        "Этого предложения больше нет.\n\n"
        "Откройте самое новое предложение в канале; с вас ничего не списано."
    ),
    Phrase.OFFER_BLOCKED: (
        "Владелец канала {blocked_in} заблокировал вас, поэтому купить доступ нельзя.\n\n"
        "С вас ничего не списано."
    ),
    Phrase.INVOICE: (
        "🧾 <b>{channel}</b>\n{description}\n\n<b>{price}</b> · {days}\n\n"
        "Выберите монету на странице оплаты. Вас впустят, как только оплата подтвердится."
        "\n\nЗаказ <code>{order}</code>"
    ),
    Phrase.INVOICE_DONATION: (
        "💝 Пожертвование <b>{price}</b> каналу <b>{channel}</b>.\n\nВыберите монету на странице "
        "оплаты. Сколько придёт, столько и будет пожертвовано; доступа это не даёт.\n\n"
        "Заказ <code>{order}</code>"
    ),
    Phrase.INVOICE_FAILED: (
        "Платёжная система сейчас не отвечает.\n\n"
        "С вас ничего не списано. Откройте предложение ещё раз через несколько минут."
    ),
    Phrase.INVOICE_FAILED_DONATION: (
        "Платёжная система сейчас не отвечает.\n\n"
        "С вас ничего не списано. Подтвердите пожертвование ещё раз через несколько минут."
    ),
    Phrase.BUTTON_PAY: "Оплатить {price}",
    Phrase.PAYMENT_REVIEWED: (
        "🔎 Ваша оплата пришла, но не так, как было в заказе. Её смотрит человек.\n\n"
        "Заказ <code>{order}</code>"
    ),
    Phrase.PAYMENT_EXPIRED: (
        "Оплата заказа <code>{order}</code> не состоялась: вовремя ничего не пришло."
    ),
    Phrase.PAYMENT_FAILED: (
        "Оплата заказа <code>{order}</code> не состоялась: платёжная система сообщает об ошибке."
    ),
    Phrase.PAYMENT_REFUNDED: (
        "Оплата заказа <code>{order}</code> не состоялась: платёжная система вернула её."
    ),
    Phrase.BUY_AGAIN: "Чтобы попробовать снова, ещё раз откройте предложение в канале.",
    Phrase.DONATE_AGAIN: "Чтобы попробовать снова, отправьте /donate.",
    Phrase.PAID_MORE: (
        "💰 Вы заплатили больше, чем стоит заказ <code>{order}</code>.\n\n"
        "За это к вашему доступу добавлено: {days}."
    ),
    Phrase.PAID_IN_PART: (
        "⚖️ За <b>{channel}</b> пришло меньше, чем стоит заказ <code>{order}</code>."
    ),
    Phrase.PAID_IN_PART_AGAIN: (
        "⚖️ За уже оплаченный заказ <code>{order}</code> канала <b>{channel}</b> пришли ещё деньги."
    ),
    Phrase.PART_MISSING: (
        "Они сохранены за вами. Не хватает <b>{missing}</b> из {price}; "
        "доплатить можно до этого времени: {moment}."
    ),
    Phrase.PART_IS_WORTH: "Если не доплатите, получите то, на что хватает: {days}.",
    Phrase.PART_REFUND: "Чтобы получить деньги назад, отправьте <code>/refund {order}</code>.",
    Phrase.BUTTON_PAY_MISSING: "Доплатить {missing}",
    Phrase.DAYS_FOR_PART: (
        "⚖️ Остаток заказа <code>{order}</code> не оплачен.\n\n"
        "За пришедшую часть вы получаете: {days}."
    ),
    Phrase.REFUND_NONE: (
        "По этому заказу вам нечего возвращать. Проверьте, пожалуйста, его номер."
    ),
    Phrase.REFUND_ASKED: (
        "↩️ Вы попросили вернуть то, что пришло по заказу <code>{order}</code>.\n\n"
        "Этим займётся оператор; когда всё будет сделано, вы узнаете об этом здесь."
    ),
    Phrase.REFUNDED: (
        "↩️ То, что пришло по заказу <code>{order}</code>, вам возвращено.\n\n"
        "Подтверждение: <code>{evidence}</code>"
    ),
    Phrase.WHY_PAID: "✅ <b>Оплата получена.</b>",
    Phrase.WHY_GRANTED: "🎁 <b>Владелец канала дал вам доступ.</b>",
    Phrase.WHY_AGAIN: "🚪 <b>Ваш вход, ещё раз.</b>",
    Phrase.OPEN_UNTIL: "Канал {channel} открыт для вас. Доступ до: {moment}.",
    Phrase.OPEN_FOR_LIFE: "Канал {channel} открыт для вас навсегда.",
    Phrase.HOW_TO_JOIN: (
        "Нажмите кнопку и попросите о вступлении; вас впустят за несколько секунд."
    ),
    Phrase.BUTTON_JOIN: "Вступить в канал",
    Phrase.INSIDE_UNTIL: "Вы уже в канале {channel}. Теперь доступ до: {moment}.",
    Phrase.INSIDE_FOR_LIFE: "Вы уже в канале {channel}. Теперь доступ навсегда.",
    Phrase.ACCESS_TAKEN: "🚪 Владелец канала <b>{channel}</b> закрыл вам доступ.",
    Phrase.ENDS_SOON: "⏳ Ваш доступ к каналу <b>{channel}</b> скоро кончится: {moment}.",
    Phrase.RENEW_NOW: "Его можно продлить уже сейчас; оставшееся время не пропадёт.",
    Phrase.BUTTON_RENEW: "Продлить",
    Phrase.BUTTON_COME_BACK: "Вернуться",
    Phrase.ACCESS_ENDED: "🚪 Ваш доступ к каналу <b>{channel}</b> закончился, вы вне канала.",
    Phrase.ONE_TAP_BACK: "Вернуться можно одним нажатием.",
    Phrase.STANDING_UNTIL: "✅ Канал <b>{channel}</b> открыт для вас. Доступ до: {moment}.",
    Phrase.STANDING_FOR_LIFE: "✅ Канал <b>{channel}</b> открыт для вас навсегда.",
    Phrase.STANDING_OVER: "🚪 Ваш доступ к каналу <b>{channel}</b> закончился.",
    Phrase.WAY_IN_FOLLOWS: "Если вы ещё не в канале, вход придёт следующим сообщением.",
    Phrase.NO_ACCESS: (
        "У вас пока нет доступа ни к одному каналу.\n\nЧтобы начать, откройте предложение в канале."
    ),
    Phrase.NOTHING_TO_RENEW: (
        "Продлевать пока нечего.\n\nЧтобы начать, откройте предложение в канале."
    ),
    Phrase.REMOVAL_FAILED: (
        "⚠️ Не удалось удалить человека, чей доступ к каналу <b>{channel}</b> закончился "
        "(id <code>{member}</code>).\n\nПроверьте, что бот — администратор канала и может "
        "блокировать пользователей. Попытка повторится сама."
    ),
    Phrase.REMOVALS_STOPPED: {
        Plural.ONE: (
            "⚠️ Из канала <b>{channel}</b> за сутки удалён {count} человек, чей доступ закончился. "
            "Это больше обычного, поэтому остальных сначала проверит оператор."
        ),
        Plural.FEW: (
            "⚠️ Из канала <b>{channel}</b> за сутки удалено {count} человека, чей доступ "
            "закончился. Это больше обычного, поэтому остальных сначала проверит оператор."
        ),
        Plural.MANY: (
            "⚠️ Из канала <b>{channel}</b> за сутки удалено {count} человек, чей доступ "
            "закончился. Это больше обычного, поэтому остальных сначала проверит оператор."
        ),
    },
    Phrase.RIGHTS_LOST: (
        "⚠️ Боту не хватает прав в <b>{channel}</b>:\n{missing}\n\nБез них туда нельзя никого "
        "впустить и оттуда нельзя никого удалить. Откройте в Telegram администраторов канала, "
        "выберите бота и дайте ему эти права."
    ),
    Phrase.RIGHT_TO_POST: "• Публикация сообщений",
    Phrase.RIGHT_TO_INVITE: "• Приглашение пользователей по ссылке",
    Phrase.RIGHT_TO_REMOVE: "• Блокировка пользователей",
    Phrase.WALLET_CHANGED: (
        "🏦 Выплаты канала <b>{channel}</b> теперь идут в {asset} на <code>{address}</code>.\n\n"
        "До этого времени ничего не выплачивается: {moment}. Если это были не вы, до тех пор "
        "верните прежний кошелёк."
    ),
    Phrase.CHANNEL_CLOSED: (
        "🏁 Канал <b>{channel}</b> закрыт: доступа больше ни у кого нет, и всё, что можно было "
        "выплатить, выплачено.\n\nВыписка остаётся на прежнем месте."
    ),
    Phrase.OFFER_PAUSED: (
        "📣 Предложение пять раз подряд не удалось опубликовать в <b>{chat}</b>, и мы прекратили "
        "попытки.\n\nTelegram отвечает: <i>{reason}</i>\n\nСделайте бота администратором этого "
        "чата с правом публикации и запустите публикацию заново."
    ),
    Phrase.DONATE_BUTTON_PAUSED: (
        "📣 Кнопку для пожертвований пять раз подряд не удалось опубликовать в <b>{chat}</b>, и мы "
        "прекратили попытки.\n\nTelegram отвечает: <i>{reason}</i>\n\nСделайте бота "
        "администратором этого чата с правом публикации и запустите публикацию заново."
    ),
    Phrase.OFFER_UNSURE: (
        "📣 Telegram не ответил, опубликовано ли предложение в <b>{chat}</b>.\n\n"
        "Если его там нет, запустите публикацию ещё раз. Если оно окажется там дважды, удалите "
        "старое: бот этого сделать не может."
    ),
    Phrase.DONATE_BUTTON_UNSURE: (
        "📣 Telegram не ответил, опубликована ли кнопка для пожертвований в <b>{chat}</b>.\n\n"
        "Если её там нет, запустите публикацию ещё раз. Если она окажется там дважды, удалите "
        "старую: бот этого сделать не может."
    ),
    Phrase.NEWS_SALE: "🎉 Продажа в канале <b>{channel}</b>: получено {received}, ваши — {owners}.",
    Phrase.NEWS_DONATION: (
        "💝 Пожертвование каналу <b>{channel}</b>: получено {received}, ваши — {owners}."
    ),
    Phrase.NEWS_SENT: (
        "🏦 Выплата канала <b>{channel}</b> отправлена: {money} на <code>{address}</code>."
    ),
    Phrase.NEWS_SETTLED: (
        "✅ Выплата канала <b>{channel}</b> дошла: {money} на <code>{address}</code>."
    ),
    Phrase.NEWS_ON: "🔔 Здесь сообщается о каждой продаже, пожертвовании и выплате ваших каналов.",
    Phrase.NEWS_OFF: (
        "🔕 О продажах, пожертвованиях и выплатах здесь не сообщается; "
        "только о том, что требует вас, и о смене кошелька."
    ),
    Phrase.BUTTON_NEWS_ON: "🔔 Сообщать",
    Phrase.BUTTON_NEWS_OFF: "🔕 Не сообщать",
    Phrase.DONATE_INVITATION: "💝 Нравится <b>{title}</b>? Здесь можно поддержать канал.",
    Phrase.BUTTON_DONATE: "💝 Поддержать",
    Phrase.DONATE_HOW: (
        "💝 Чтобы сделать пожертвование, нажмите кнопку для пожертвований в канале, который хотите "
        "поддержать.\n\nКаналы, к которым у вас есть доступ, покажет и /donate."
    ),
    Phrase.DONATE_WHICH: "💝 Какой канал вы хотите поддержать?",
    Phrase.KEYPAD: (
        "💝 Ваше пожертвование каналу <b>{channel}</b>\n\n<b>{typed}\N{NO-BREAK SPACE}$</b>\n\n"
        "От {least} до {most}."
    ),
    Phrase.KEY_CLEAR: "Стереть",
    Phrase.KEY_CANCEL: "✖ Отмена",
    Phrase.KEY_DONATE: "✅ Отдать",
    Phrase.DONATION_OVER: (
        "💝 Это пожертвование прервано. Чтобы начать другое, отправьте /donate."
    ),
    Phrase.DONATION_FIXED: "💝 Ваше пожертвование каналу <b>{channel}</b>: <b>{price}</b>",
    Phrase.DONATION_RECEIVED: (
        "💝 <b>Спасибо!</b>\n\nВаше пожертвование каналу <b>{channel}</b> на {value} пришло."
        "\n\nЗаказ <code>{order}</code>"
    ),
    Phrase.ORDER_UNKNOWN: (
        "У вас нет заказа с таким номером. Проверьте номер и попробуйте ещё раз."
    ),
    Phrase.ORDER_OPEN: (
        "📦 Заказ <code>{order}</code>: <b>ещё не оплачен</b>\nМы ждём оплату; пока ничего не "
        "зачислено. Счёт можно оплатить до этого времени: {moment}."
    ),
    Phrase.ORDER_CONFIRMING: (
        "📦 Заказ <code>{order}</code>: <b>оплата замечена</b>\nЕё подтверждает сеть монеты. Как "
        "только подтвердит, вы узнаете об этом здесь; это занимает минуты, редко — часы."
    ),
    Phrase.ORDER_REVIEWED: (
        "📦 Заказ <code>{order}</code>: <b>его смотрит человек</b>\nОплата пришла не так, как было "
        "в заказе. О решении вы узнаете здесь."
    ),
    Phrase.ORDER_IN_PART: (
        "📦 Заказ <code>{order}</code>: <b>оплачен частично</b>\nЧасть цены пришла и сохранена за "
        "вами. В сообщении о ней написано, что можно сделать."
    ),
    Phrase.ORDER_PAID: (
        "📦 Заказ <code>{order}</code>: <b>оплачен</b>\nВход отправлен вам сюда; /access пришлёт "
        "его ещё раз."
    ),
    Phrase.ORDER_DONATED: (
        "📦 Заказ <code>{order}</code>: <b>оплачен</b>\nСпасибо за пожертвование."
    ),
    Phrase.ORDER_EXPIRED: (
        "📦 Заказ <code>{order}</code>: <b>истёк</b>\nОн не был оплачен вовремя. Если оплата ещё "
        "придёт, она засчитается."
    ),
    Phrase.ORDER_CLOSED: (
        "📦 Заказ <code>{order}</code>: <b>закрыт</b>\nОплата не состоялась. Чтобы попробовать "
        "снова, откройте предложение ещё раз."
    ),
    Phrase.LANGUAGE_WHICH: "🌐 На каком языке говорить с вами?",
    Phrase.BUTTON_LANGUAGE_OF_APP: "На языке моего приложения",
    Phrase.LANGUAGE_SET: "🌐 Бот говорит с вами по-русски.",
    Phrase.ZONE_HOW: (
        "🕐 Время показано вам так: {moment}.\n\nЧтобы видеть его в своём часовом поясе, отправьте "
        "<code>/timezone Europe/Moscow</code> с названием вашего; для UTC отправьте "
        "<code>/timezone UTC</code>."
    ),
    Phrase.ZONE_UNKNOWN: (
        "🕐 Часового пояса «{zone}» нет.\n\nВ названии есть регион и город, например "
        "<code>Europe/Moscow</code>, <code>Asia/Almaty</code> или <code>Europe/Madrid</code>."
    ),
    Phrase.ZONE_SET: "🕐 Теперь время показано вам так: {moment}.",
    Phrase.ZONE_CLEARED: "🕐 Время снова показано вам в UTC: {moment}.",
    Phrase.CANCELLED: "✖ Начатое отменено.",
    Phrase.NOTHING_TO_CANCEL: "Отменять нечего: вы ничего не начинали.",
    Phrase.PRESS_OLD: "Эта кнопка устарела. Отправьте /help, чтобы увидеть, что можно сделать.",
    Phrase.PRESS_KEYPAD_OVER: "Эта клавиатура устарела. Чтобы начать заново, отправьте /donate.",
    Phrase.PRESS_TWICE: "Пришли два нажатия сразу; проверьте сумму.",
    Phrase.PRESS_UNSURE: "Проверьте сумму и нажмите ещё раз, если она не та.",
    Phrase.PRESS_FIXED: "Сумма уже подтверждена.",
    Phrase.PRESS_LIMITS: "Пожалуйста, от {least} до {most}.",
    # The form by which owners set up a channel.
    Phrase.FORM_WHICH: "🗂 Какой канал вы хотите настроить?",
    Phrase.FORM_FIRST: "🗂 У вас здесь ещё нет каналов. Создайте первый.",
    Phrase.FORM_NEW: "🗂 <b>Новый канал</b>",
    Phrase.FORM_OF: "🗂 <b>{title}</b>",
    Phrase.FORM_SUMMARY: (
        "📣 Открытый чат: {open}\n🔐 Закрытый чат: {closed}\n🎟 Тарифы: {tiers}\n🏦 Кошелёк: "
        "{wallet}\n💸 Выплаты: {payouts}\n⏳ После конца доступа можно остаться: {grace}"
    ),
    Phrase.FORM_HINT: "До сохранения ничего не меняется.",
    Phrase.FORM_EMPTY: "ещё не задано",
    Phrase.FORM_INSTANT: "каждая продажа сразу",
    Phrase.FORM_THRESHOLD: "накопление до {threshold}",
    Phrase.FORM_TIER: "{price} · {days}",
    Phrase.FORM_CHAT: "📝 <b>{title}</b>\n{description}\n\nId чата: <code>{chat_id}</code>",
    Phrase.FORM_OPEN_CHAT: "📣 Открытый чат виден всем; там публикуется предложение.",
    Phrase.FORM_CLOSED_CHAT: (
        "🔐 Закрытый чат — то, что вы продаёте. Бот должен быть администратором обоих."
    ),
    Phrase.FORM_TIERS_ABOUT: (
        "🎟 До трёх тарифов; продаются те, что с ✅. Кто уже купил, сохраняет свои условия."
    ),
    Phrase.FORM_WALLET_ABOUT: (
        "🏦 Куда вам платят.\n\nМонета: {coin}\nАдрес: <code>{address}</code>\nMemo или tag: "
        "<code>{memo}</code>"
    ),
    Phrase.FORM_WALLET_HOLD: (
        "После смены кошелька выплаты некоторое время не идут, и вы узнаете об этом."
    ),
    Phrase.FORM_NETWORKS_ABOUT: "🏦 В какой сети вам платить?",
    Phrase.FORM_COINS_ABOUT: "🏦 Какая монета в сети {network}?",
    Phrase.FORM_PAYOUTS_ABOUT: (
        "💸 Сразу: каждая продажа выплачивается в вашей монете. Порог: продажи сразу "
        "становятся USDT, хранятся и выплачиваются вместе с некоторой суммы."
    ),
    Phrase.BUTTON_FORM_NEW: "🆕 Создать новый",
    Phrase.BUTTON_FORM_OPEN: "📣 Открытый чат",
    Phrase.BUTTON_FORM_CLOSED: "🔐 Закрытый чат",
    Phrase.BUTTON_FORM_TIERS: "🎟 Тарифы",
    Phrase.BUTTON_FORM_WALLET: "🏦 Кошелёк",
    Phrase.BUTTON_FORM_PAYOUTS: "💸 Выплаты",
    Phrase.BUTTON_FORM_SAVE: "💾 Сохранить все изменения",
    Phrase.BUTTON_FORM_CANCEL: "✖ Отмена",
    Phrase.BUTTON_FORM_BACK: "⬅ Назад",
    Phrase.BUTTON_FORM_CLEAR: "Оставить пустым",
    Phrase.BUTTON_FORM_LIFE: "♾ Навсегда",
    Phrase.BUTTON_FORM_COIN: "Монета",
    Phrase.BUTTON_FORM_INSTANT: "{sign} Сразу",
    Phrase.BUTTON_FORM_THRESHOLD: "{sign} Порог",
    Phrase.BUTTON_FORM_TIER: "{sign} Тариф {position}",
    Phrase.FIELD_CHAT_ID: "Id чата",
    Phrase.FIELD_TITLE: "Название",
    Phrase.FIELD_DESCRIPTION: "Описание",
    Phrase.FIELD_PRICE: "Цена {position}",
    Phrase.FIELD_DAYS: "Дни {position}",
    Phrase.FIELD_ADDRESS: "Адрес",
    Phrase.FIELD_MEMO: "Memo или tag",
    Phrase.FIELD_THRESHOLD: "Сумма",
    Phrase.FIELD_GRACE: "Дни отсрочки",
    Phrase.ASK_CHAT_ID: (
        "✏️ Отправьте id канала или супергруппы, например <code>-1001234567890</code>, или "
        "перешлите оттуда сообщение."
    ),
    Phrase.ASK_TITLE: "✏️ Отправьте название: от 1 до {most} символов.",
    Phrase.ASK_DESCRIPTION: "✏️ Отправьте описание: не больше {most} символов.",
    Phrase.ASK_PRICE: "✏️ Отправьте цену от {least} до {most}, например <code>9.99</code>.",
    Phrase.ASK_DAYS: "✏️ Отправьте число дней от 1 до {most} или нажмите «Навсегда».",
    Phrase.ASK_ADDRESS: (
        "✏️ Отправьте адрес своего кошелька, как он показан для получения. Никогда и никому не "
        "отправляйте закрытый ключ или seed-фразу."
    ),
    Phrase.ASK_MEMO: (
        "✏️ Отправьте memo или tag, которые кошелёк или биржа показывает рядом с адресом."
    ),
    Phrase.ASK_THRESHOLD: (
        "✏️ Отправьте сумму, начиная с которой идёт выплата: {least} или больше, например "
        "<code>50</code>."
    ),
    Phrase.ASK_GRACE: "✏️ Отправьте число дней от 0 до {most}.",
    Phrase.FORM_REFUSED: "⚠️ Это сюда не подходит.",
    Phrase.FORM_SECRET: (
        "🔐 <b>Это похоже на закрытый ключ или seed-фразу.</b> Мы это не сохранили. Удалите "
        "своё сообщение и переведите деньги на новый кошелёк: кто это прочтёт, может забрать "
        "всё."
    ),
    Phrase.FORM_NOT_SAVED: "⚠️ <b>Пока ничего не сохранено.</b>",
    Phrase.FORM_BOLD: "<b>{words}</b>",
    Phrase.PROBLEM_TAKEN: "Чат <code>{chat_id}</code> уже принадлежит одному из каналов.",
    Phrase.PROBLEM_NOT_THEIRS: "Вы сами должны быть администратором чата <code>{chat_id}</code>.",
    Phrase.BUTTON_FORM_RESUME: "📝 Продолжить начатое",
    Phrase.PROBLEM_SAME_CHAT: "Открытый и закрытый чаты должны быть разными.",
    Phrase.PROBLEM_SOLD: "Закрытый чат уже продавался, заменить его нельзя.",
    Phrase.PROBLEM_TOO_MANY: "У учётной записи может быть не больше {most} каналов.",
    Phrase.PROBLEM_TIERS: "Должен продаваться хотя бы один тариф.",
    Phrase.PROBLEM_PRICE_LEAST: "Цена здесь не меньше {least}.",
    Phrase.PROBLEM_COIN: "Выберите монету, в которой сейчас можно получать выплаты.",
    Phrase.PROBLEM_ADDRESS: "На этот адрес нельзя отправить {coin} в сети {network}.",
    Phrase.PROBLEM_MEMO: (
        "Для {coin} в сети {network} нужен верный memo или tag либо никакого, если их там нет."
    ),
    Phrase.PROBLEM_USDT: "Возможны только выплаты сразу: USDT сейчас недоступен.",
    Phrase.PROBLEM_CLOSING: "Канал закрывается, изменить его нельзя.",
    Phrase.PROBLEM_CHANGED: (
        "Канал тем временем изменили в другом месте. Отправьте /database, чтобы увидеть его "
        "нынешний вид."
    ),
    Phrase.PROBLEM_CHAT_UNKNOWN: (
        "Telegram не показывает боту чат <code>{chat_id}</code>. Сначала сделайте бота его "
        "администратором."
    ),
    Phrase.FORM_SAVED: (
        "💾 Канал <b>{title}</b> сохранён. Предложение публикуется в открытом чате заново."
    ),
    Phrase.FORM_OVER: "🗂 Эта форма закрыта. Чтобы начать заново, отправьте /database.",
    Phrase.PRESS_FORM_OVER: "Эта форма закрыта. Чтобы начать заново, отправьте /database.",
    Phrase.PRESS_FORM_AGAIN: "Что-то помешало. Нажмите, пожалуйста, ещё раз.",
    # Joining an account of the dashboard.
    Phrase.LINK_HOW: (
        "🔗 Чтобы связать этот Telegram с вашей учётной записью в кабинете, запросите там код "
        "и отправьте его сюда: <code>/link</code> и код."
    ),
    Phrase.LINK_UNKNOWN: (
        "🔗 Этот код не подходит или уже не действует. Запросите новый в кабинете; код "
        "действует один раз, 15 минут."
    ),
    Phrase.LINK_DONE: (
        "🔗 Этот Telegram и ваша учётная запись в кабинете теперь одно целое: каналы в них "
        "одни и те же."
    ),
    Phrase.LINK_OTHER_LOGIN: (
        "🔗 Этот Telegram уже принадлежит другой учётной записи в кабинете. Ничего не изменено."
    ),
    Phrase.LINK_OTHER_TELEGRAM: (
        "🔗 Ваша учётная запись в кабинете уже принадлежит другому Telegram. Ничего не изменено."
    ),
    # Why something stands where it stands.
    Phrase.WHY_PAYMENT: "💰 Оплата <code>{id}</code>",
    Phrase.WHY_PAYOUT: "🏦 Выплата <code>{id}</code>",
    Phrase.WHY_MEMBERSHIP: "🚪 Доступ <code>{id}</code>",
    Phrase.WHY_BY: "🕐 Это произойдёт, или посмотрит человек, до этого времени: {moment}.",
    Phrase.WHY_UNTIL: "🕐 Конец доступа: {moment}.",
    Phrase.NEWS_MORE: "Подробнее: <code>/status {id}</code>",
}
