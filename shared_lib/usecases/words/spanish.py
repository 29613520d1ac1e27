"""The bot's words in Spanish."""

from shared_lib.domain.language import Plural
from shared_lib.usecases.words.phrases import Phrase, Words

MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)

SPANISH: Words = {
    Phrase.USD: "{dollars},{cents}\N{NO-BREAK SPACE}$",
    Phrase.DATE: "{day} de {month} de {year}",
    Phrase.MOMENT_UTC: "{date}, {time} UTC",
    Phrase.MOMENT_TODAY: "{date}, {time} UTC (en menos de un día)",
    Phrase.MOMENT_IN_DAYS: {
        Plural.ONE: "{date}, {time} UTC (en {count} día)",
        Plural.MANY: "{date}, {time} UTC (en {count} días)",
    },
    Phrase.MOMENT_ZONED: "{date}, {time} ({zone})",
    Phrase.DAYS: {Plural.ONE: "{count} día", Plural.MANY: "{count} días"},
    Phrase.FOR_LIFE: "para siempre",
    Phrase.ACCESS_FOR_LIFE: "acceso para siempre",
    Phrase.WARNING: (
        "<i>Este bot nunca escribe primero sobre dinero retenido. "
        "Los desconocidos que ofrecen ayuda con un pago son impostores.</i>"
    ),
    Phrase.WELCOME: (
        "👋 <b>Bienvenido.</b>\n\nEste bot vende acceso a canales privados por criptomonedas. "
        "Para empezar, abre una oferta en un canal.\n\n"
        "/status con el número de un pedido muestra cómo va un pago; /help, todo lo demás."
    ),
    Phrase.HELP: (
        "❓ <b>Lo que puedes enviar aquí</b>\n\n"
        "/access — lo que tienes abierto y cómo entrar\n"
        "/renew — seguir antes de que acabe tu acceso, o volver\n"
        "/status y el número de un pedido — cómo va un pago\n"
        "/refund y el número de un pedido — recuperar lo que llegó en parte\n"
        "/donate — apoyar un canal\n"
        "/language — el idioma de este bot\n"
        "/timezone — la zona horaria en que se muestran las horas\n"
        "/cancel — dejar lo que has empezado\n\n"
        "Para dueños de canales:\n"
        "/database — configurar un canal que vendes\n"
        "/link y un código — unir tu cuenta del panel\n"
        "/notifications — saber de ventas, donaciones y pagos"
    ),
    Phrase.OFFER_INTRODUCTION: "Elige cómo entrar; el precio se paga en cualquier moneda.",
    Phrase.OFFER_TIER: "{medal} {price} · {days}",
    Phrase.OFFER_GONE: (
        "Esta oferta ya no está disponible.\n\n"
        "Abre la oferta más nueva del canal; no se te ha cobrado nada."
    ),
    Phrase.OFFER_BLOCKED: (
        "El dueño de {blocked_in} te ha bloqueado allí, así que no puedes comprar acceso.\n\n"
        "No se te ha cobrado nada."
    ),
    Phrase.INVOICE: (
        "🧾 <b>{channel}</b>\n{description}\n\n<b>{price}</b> · {days}\n\n"
        "Elige una moneda en la página de pago. Entrarás en cuanto se confirme el pago."
        "\n\nPedido <code>{order}</code>"
    ),
    Phrase.INVOICE_DONATION: (
        "💝 Una donación de <b>{price}</b> a <b>{channel}</b>.\n\nElige una moneda en la página de "
        "pago. Lo que llegue es la donación; no da acceso.\n\n"
        "Pedido <code>{order}</code>"
    ),
    Phrase.INVOICE_FAILED: (
        "El proveedor de pagos no responde en este momento.\n\n"
        "No se te ha cobrado nada. Abre la oferta de nuevo en unos minutos."
    ),
    Phrase.INVOICE_FAILED_DONATION: (
        "El proveedor de pagos no responde en este momento.\n\n"
        "No se te ha cobrado nada. Confirma la donación de nuevo en unos minutos."
    ),
    Phrase.BUTTON_PAY: "Pagar {price}",
    Phrase.PAYMENT_REVIEWED: (
        "🔎 Tu pago llegó, pero no como pedía el pedido. Una persona lo está mirando.\n\n"
        "Pedido <code>{order}</code>"
    ),
    Phrase.PAYMENT_EXPIRED: (
        "El pago del pedido <code>{order}</code> terminó sin éxito: no llegó nada a tiempo."
    ),
    Phrase.PAYMENT_FAILED: (
        "El pago del pedido <code>{order}</code> terminó sin éxito: "
        "el proveedor de pagos informa de un fallo."
    ),
    Phrase.PAYMENT_REFUNDED: (
        "El pago del pedido <code>{order}</code> terminó sin éxito: "
        "el proveedor de pagos lo ha devuelto."
    ),
    Phrase.BUY_AGAIN: "Para intentarlo otra vez, abre de nuevo la oferta en el canal.",
    Phrase.DONATE_AGAIN: "Para intentarlo otra vez, envía /donate.",
    Phrase.PAID_MORE: (
        "💰 Pagaste más que el precio del pedido <code>{order}</code>.\n\n"
        "Por eso se añade a tu acceso: {days}."
    ),
    Phrase.PAID_IN_PART: (
        "⚖️ Para <b>{channel}</b> llegó menos que el precio del pedido <code>{order}</code>."
    ),
    Phrase.PAID_IN_PART_AGAIN: (
        "⚖️ Llegó más dinero para el pedido <code>{order}</code> de <b>{channel}</b>, "
        "que ya está pagado."
    ),
    Phrase.PART_MISSING: (
        "Se guarda para ti. Faltan <b>{missing}</b> de {price}; puedes pagarlos hasta el {moment}."
    ),
    Phrase.PART_IS_WORTH: "Si no, recibes lo que vale tu parte: {days}.",
    Phrase.PART_REFUND: "Si prefieres recuperarlo, envía <code>/refund {order}</code>.",
    Phrase.BUTTON_PAY_MISSING: "Pagar los {missing} que faltan",
    Phrase.DAYS_FOR_PART: (
        "⚖️ El resto del pedido <code>{order}</code> no se pagó.\n\n"
        "Por la parte que llegó recibes: {days}."
    ),
    Phrase.REFUND_NONE: (
        "No hay nada tuyo que devolver de este pedido. Comprueba su número, por favor."
    ),
    Phrase.REFUND_ASKED: (
        "↩️ Has pedido que se te devuelva lo que llegó para el pedido <code>{order}</code>.\n\n"
        "Un operador se ocupa de ello, y aquí se te avisa cuando esté hecho."
    ),
    Phrase.REFUNDED: (
        "↩️ Se te ha devuelto lo que llegó para el pedido <code>{order}</code>.\n\n"
        "Comprobante: <code>{evidence}</code>"
    ),
    Phrase.WHY_PAID: "✅ <b>Pago recibido.</b>",
    Phrase.WHY_GRANTED: "🎁 <b>El dueño del canal te ha dado acceso.</b>",
    Phrase.WHY_AGAIN: "🚪 <b>Tu entrada, una vez más.</b>",
    Phrase.OPEN_UNTIL: "{channel} está abierto para ti hasta el {moment}.",
    Phrase.OPEN_FOR_LIFE: "{channel} está abierto para ti para siempre.",
    Phrase.HOW_TO_JOIN: "Toca el botón y pide unirte; entrarás en unos segundos.",
    Phrase.BUTTON_JOIN: "Unirme al canal",
    Phrase.INSIDE_UNTIL: "Ya estás dentro de {channel}; tu acceso dura ahora hasta el {moment}.",
    Phrase.INSIDE_FOR_LIFE: "Ya estás dentro de {channel}; tu acceso es ahora para siempre.",
    Phrase.ACCESS_TAKEN: "🚪 El dueño de <b>{channel}</b> ha terminado tu acceso.",
    Phrase.ENDS_SOON: "⏳ Tu acceso a <b>{channel}</b> dura hasta el {moment}.",
    Phrase.RENEW_NOW: "Puedes renovarlo ya; no se pierde nada del tiempo que queda.",
    Phrase.BUTTON_RENEW: "Renovar",
    Phrase.BUTTON_COME_BACK: "Volver",
    Phrase.ACCESS_ENDED: "🚪 Tu acceso a <b>{channel}</b> ha terminado, y estás fuera del canal.",
    Phrase.ONE_TAP_BACK: "Con un toque vuelves.",
    Phrase.STANDING_UNTIL: "✅ <b>{channel}</b> está abierto para ti hasta el {moment}.",
    Phrase.STANDING_FOR_LIFE: "✅ <b>{channel}</b> está abierto para ti para siempre.",
    Phrase.STANDING_OVER: "🚪 Tu acceso a <b>{channel}</b> ha terminado.",
    Phrase.WAY_IN_FOLLOWS: "Si no estás dentro, la entrada llega con el próximo mensaje.",
    Phrase.NO_ACCESS: (
        "Todavía no tienes acceso a ningún canal.\n\nPara empezar, abre una oferta en un canal."
    ),
    Phrase.NOTHING_TO_RENEW: (
        "No hay nada que puedas renovar.\n\nPara empezar, abre una oferta en un canal."
    ),
    Phrase.REMOVAL_FAILED: (
        "⚠️ No se pudo sacar a alguien cuyo acceso a <b>{channel}</b> ha terminado "
        "(id <code>{member}</code>).\n\nComprueba que el bot es administrador del canal y puede "
        "suspender usuarios. Se vuelve a intentar por sí solo."
    ),
    Phrase.REMOVALS_STOPPED: {
        Plural.ONE: (
            "⚠️ En un día se ha sacado a {count} persona de <b>{channel}</b>, porque su acceso "
            "había terminado. Es más de lo normal, así que un operador mira antes de seguir."
        ),
        Plural.MANY: (
            "⚠️ En un día se ha sacado a {count} personas de <b>{channel}</b>, porque su acceso "
            "había terminado. Es más de lo normal, así que un operador mira antes de seguir."
        ),
    },
    Phrase.RIGHTS_LOST: (
        "⚠️ Al bot le faltan permisos en <b>{channel}</b>:\n{missing}\n\nHasta que los tenga no se "
        "puede dejar entrar ni sacar a nadie. Abre los administradores del canal en Telegram, "
        "elige el bot y concédeselos."
    ),
    Phrase.RIGHT_TO_POST: "• Publicar mensajes",
    Phrase.RIGHT_TO_INVITE: "• Invitar usuarios con un enlace",
    Phrase.RIGHT_TO_REMOVE: "• Suspender usuarios",
    Phrase.WALLET_CHANGED: (
        "🏦 <b>{channel}</b> se paga ahora en {asset} a <code>{address}</code>.\n\n"
        "No se paga nada hasta el {moment}. Si no has sido tú, cámbialo antes."
    ),
    Phrase.CHANNEL_CLOSED: (
        "🏁 <b>{channel}</b> está cerrado: ya nadie tiene acceso, y todo lo que se podía pagar "
        "está pagado.\n\nSu extracto sigue donde estaba."
    ),
    Phrase.OFFER_PAUSED: (
        "📣 La oferta no se pudo publicar en <b>{chat}</b> cinco veces seguidas, así que hemos "
        "dejado de intentarlo.\n\nTelegram dice: <i>{reason}</i>\n\nHaz a este bot administrador "
        "de ese chat con permiso para publicar, y pide que se publique de nuevo."
    ),
    Phrase.DONATE_BUTTON_PAUSED: (
        "📣 El botón de donaciones no se pudo publicar en <b>{chat}</b> cinco veces seguidas, así "
        "que hemos dejado de intentarlo.\n\nTelegram dice: <i>{reason}</i>\n\nHaz a este bot "
        "administrador de ese chat con permiso para publicar, y pide que se publique de nuevo."
    ),
    Phrase.OFFER_UNSURE: (
        "📣 Telegram no dijo si la oferta se publicó en <b>{chat}</b>.\n\n"
        "Si falta allí, pide que se publique de nuevo. Si después está dos veces, borra la más "
        "antigua: este bot no puede."
    ),
    Phrase.DONATE_BUTTON_UNSURE: (
        "📣 Telegram no dijo si el botón de donaciones se publicó en <b>{chat}</b>.\n\n"
        "Si falta allí, pide que se publique de nuevo. Si después está dos veces, borra el más "
        "antiguo: este bot no puede."
    ),
    Phrase.NEWS_SALE: (
        "🎉 Una venta de <b>{channel}</b>: se recibieron {received}, de ellos son tuyos {owners}."
    ),
    Phrase.NEWS_DONATION: (
        "💝 Una donación a <b>{channel}</b>: se recibieron {received}, de ellos son tuyos {owners}."
    ),
    Phrase.NEWS_SENT: (
        "🏦 Un pago de <b>{channel}</b> está en camino: {money}, a <code>{address}</code>."
    ),
    Phrase.NEWS_SETTLED: (
        "✅ Un pago de <b>{channel}</b> ha llegado: {money}, a <code>{address}</code>."
    ),
    Phrase.NEWS_ON: "🔔 Aquí se te avisa de cada venta, donación y pago de tus canales.",
    Phrase.NEWS_OFF: (
        "🔕 Aquí no se te avisa de ventas, donaciones ni pagos; "
        "solo de lo que te necesita y de cambios de tu cartera."
    ),
    Phrase.BUTTON_NEWS_ON: "🔔 Avisarme",
    Phrase.BUTTON_NEWS_OFF: "🔕 No avisarme",
    Phrase.DONATE_INVITATION: "💝 ¿Te gusta <b>{title}</b>? Aquí puedes apoyarlo.",
    Phrase.BUTTON_DONATE: "💝 Donar",
    Phrase.DONATE_HOW: (
        "💝 Para donar, toca el botón de donaciones en el canal que quieres apoyar.\n\n"
        "Los canales a los que tienes acceso también los muestra aquí /donate."
    ),
    Phrase.DONATE_WHICH: "💝 ¿Qué canal quieres apoyar?",
    Phrase.KEYPAD: (
        "💝 Tu donación a <b>{channel}</b>\n\n<b>{typed}\N{NO-BREAK SPACE}$</b>\n\n"
        "De {least} a {most}."
    ),
    Phrase.KEY_CLEAR: "Borrar",
    Phrase.KEY_CANCEL: "✖ Cancelar",
    Phrase.KEY_DONATE: "✅ Donar",
    Phrase.DONATION_OVER: "💝 Esta donación se dejó. Para empezar otra, envía /donate.",
    Phrase.DONATION_FIXED: "💝 Tu donación a <b>{channel}</b>: <b>{price}</b>",
    Phrase.DONATION_RECEIVED: (
        "💝 <b>¡Gracias!</b>\n\nHa llegado tu donación a <b>{channel}</b>, que vale {value}."
        "\n\nPedido <code>{order}</code>"
    ),
    Phrase.ORDER_UNKNOWN: (
        "Ningún pedido tuyo tiene este número. Compruébalo e inténtalo otra vez, por favor."
    ),
    Phrase.ORDER_OPEN: (
        "📦 Pedido <code>{order}</code>: <b>sin pagar todavía</b>\nEsperamos el pago; aún no se ha "
        "abonado nada. La factura se puede pagar hasta el {moment}."
    ),
    Phrase.ORDER_CONFIRMING: (
        "📦 Pedido <code>{order}</code>: <b>pago visto</b>\nLa red de la moneda lo está "
        "confirmando. En cuanto lo haga, se te avisa aquí; tarda minutos, y rara vez unas horas."
    ),
    Phrase.ORDER_REVIEWED: (
        "📦 Pedido <code>{order}</code>: <b>una persona lo está mirando</b>\nEl pago no llegó como "
        "pedía el pedido. Aquí se te dice en qué queda."
    ),
    Phrase.ORDER_IN_PART: (
        "📦 Pedido <code>{order}</code>: <b>pagado en parte</b>\nLlegó una parte del precio, y se "
        "guarda para ti. El mensaje sobre ella dice lo que puedes hacer."
    ),
    Phrase.ORDER_PAID: (
        "📦 Pedido <code>{order}</code>: <b>pagado</b>\nLa entrada se te envió aquí; /access la "
        "envía otra vez."
    ),
    Phrase.ORDER_DONATED: (
        "📦 Pedido <code>{order}</code>: <b>pagado</b>\nGracias por tu donación."
    ),
    Phrase.ORDER_EXPIRED: (
        "📦 Pedido <code>{order}</code>: <b>caducado</b>\nNo se pagó a tiempo. Un pago que llegue "
        "todavía cuenta."
    ),
    Phrase.ORDER_CLOSED: (
        "📦 Pedido <code>{order}</code>: <b>cerrado</b>\nEl pago terminó sin éxito. Abre la oferta "
        "de nuevo para intentarlo."
    ),
    Phrase.LANGUAGE_WHICH: "🌐 ¿En qué idioma debe hablar este bot contigo?",
    Phrase.BUTTON_LANGUAGE_OF_APP: "En el idioma de mi aplicación",
    Phrase.LANGUAGE_SET: "🌐 Este bot habla español contigo.",
    Phrase.ZONE_HOW: (
        "🕐 Las horas se te muestran así: {moment}.\n\nPara verlas en tu zona horaria, envía "
        "<code>/timezone Europe/Madrid</code> con el nombre de la tuya; para UTC, envía "
        "<code>/timezone UTC</code>."
    ),
    Phrase.ZONE_UNKNOWN: (
        "🕐 No hay ninguna zona horaria con el nombre «{zone}».\n\nUn nombre tiene una región y "
        "una ciudad, como <code>Europe/Madrid</code>, <code>America/Bogota</code> o "
        "<code>America/Mexico_City</code>."
    ),
    Phrase.ZONE_SET: "🕐 Desde ahora las horas se te muestran así: {moment}.",
    Phrase.ZONE_CLEARED: "🕐 Las horas se te muestran otra vez en UTC: {moment}.",
    Phrase.CANCELLED: "✖ Se ha dejado lo que habías empezado.",
    Phrase.NOTHING_TO_CANCEL: "No hay nada que hayas empezado.",
    Phrase.PRESS_OLD: "Este botón es demasiado antiguo. Envía /help para ver qué puedes hacer.",
    Phrase.PRESS_KEYPAD_OVER: "Este teclado ya no vale. Envía /donate para empezar de nuevo.",
    Phrase.PRESS_TWICE: "Llegaron dos toques a la vez; mira la cantidad, por favor.",
    Phrase.PRESS_UNSURE: "Mira la cantidad, y toca otra vez si no es la que escribiste.",
    Phrase.PRESS_FIXED: "La cantidad ya está confirmada.",
    Phrase.PRESS_LIMITS: "De {least} a {most}, por favor.",
    # The form by which owners set up a channel.
    Phrase.FORM_WHICH: "🗂 ¿Qué canal quieres configurar?",
    Phrase.FORM_FIRST: "🗂 Aún no tienes ningún canal aquí. Crea el primero.",
    Phrase.FORM_NEW: "🗂 <b>Un canal nuevo</b>",
    Phrase.FORM_OF: "🗂 <b>{title}</b>",
    Phrase.FORM_SUMMARY: (
        "📣 Chat abierto: {open}\n🔐 Chat cerrado: {closed}\n🎟 Niveles: {tiers}\n🏦 Cartera: "
        "{wallet}\n💸 Pagos: {payouts}\n⏳ Se puede seguir dentro tras el final: {grace}"
    ),
    Phrase.FORM_HINT: "Nada cambia hasta que guardes.",
    Phrase.FORM_EMPTY: "sin definir",
    Phrase.FORM_INSTANT: "cada venta al momento",
    Phrase.FORM_THRESHOLD: "se reúne hasta {threshold}",
    Phrase.FORM_TIER: "{price} · {days}",
    Phrase.FORM_CHAT: "📝 <b>{title}</b>\n{description}\n\nId del chat: <code>{chat_id}</code>",
    Phrase.FORM_OPEN_CHAT: "📣 El chat abierto es público; allí se publica la oferta.",
    Phrase.FORM_CLOSED_CHAT: (
        "🔐 El chat cerrado es lo que vendes. Este bot debe ser administrador de ambos."
    ),
    Phrase.FORM_TIERS_ABOUT: (
        "🎟 Hasta tres niveles; se venden los que tienen ✅. Quien ya compró conserva sus "
        "condiciones."
    ),
    Phrase.FORM_WALLET_ABOUT: (
        "🏦 Dónde se te paga.\n\nMoneda: {coin}\nDirección: <code>{address}</code>\nMemo o "
        "etiqueta: <code>{memo}</code>"
    ),
    Phrase.FORM_WALLET_HOLD: (
        "Tras cambiar la cartera no se paga nada durante un tiempo, y se te avisa."
    ),
    Phrase.FORM_NETWORKS_ABOUT: "🏦 ¿En qué red quieres cobrar?",
    Phrase.FORM_COINS_ABOUT: "🏦 ¿Qué moneda en {network}?",
    Phrase.FORM_PAYOUTS_ABOUT: (
        "💸 Al momento: cada venta se paga en tu moneda. Umbral: las ventas pasan a USDT al "
        "momento, se guardan y se pagan juntas a partir de una cantidad."
    ),
    Phrase.BUTTON_FORM_NEW: "🆕 Crear uno nuevo",
    Phrase.BUTTON_FORM_OPEN: "📣 Chat abierto",
    Phrase.BUTTON_FORM_CLOSED: "🔐 Chat cerrado",
    Phrase.BUTTON_FORM_TIERS: "🎟 Niveles",
    Phrase.BUTTON_FORM_WALLET: "🏦 Cartera",
    Phrase.BUTTON_FORM_PAYOUTS: "💸 Pagos",
    Phrase.BUTTON_FORM_SAVE: "💾 Guardar todos los cambios",
    Phrase.BUTTON_FORM_CANCEL: "✖ Cancelar",
    Phrase.BUTTON_FORM_BACK: "⬅ Atrás",
    Phrase.BUTTON_FORM_CLEAR: "Dejar vacío",
    Phrase.BUTTON_FORM_LIFE: "♾ Para siempre",
    Phrase.BUTTON_FORM_COIN: "Moneda",
    Phrase.BUTTON_FORM_INSTANT: "{sign} Al momento",
    Phrase.BUTTON_FORM_THRESHOLD: "{sign} Umbral",
    Phrase.BUTTON_FORM_TIER: "{sign} Nivel {position}",
    Phrase.FIELD_CHAT_ID: "Id del chat",
    Phrase.FIELD_TITLE: "Título",
    Phrase.FIELD_DESCRIPTION: "Descripción",
    Phrase.FIELD_PRICE: "Precio {position}",
    Phrase.FIELD_DAYS: "Días {position}",
    Phrase.FIELD_ADDRESS: "Dirección",
    Phrase.FIELD_MEMO: "Memo o etiqueta",
    Phrase.FIELD_THRESHOLD: "Cantidad",
    Phrase.FIELD_GRACE: "Días de gracia",
    Phrase.ASK_CHAT_ID: (
        "✏️ Envía el id del canal o supergrupo, como <code>-1001234567890</code>, o reenvía "
        "una publicación de allí."
    ),
    Phrase.ASK_TITLE: "✏️ Envía un título de 1 a {most} caracteres.",
    Phrase.ASK_DESCRIPTION: "✏️ Envía una descripción de {most} caracteres como mucho.",
    Phrase.ASK_PRICE: "✏️ Envía un precio de {least} a {most}, como <code>9.99</code>.",
    Phrase.ASK_DAYS: "✏️ Envía un número de días de 1 a {most}, o toca «Para siempre».",
    Phrase.ASK_ADDRESS: (
        "✏️ Envía la dirección de tu cartera, como la muestra para recibir. Nunca envíes a "
        "nadie una clave privada ni una frase semilla."
    ),
    Phrase.ASK_MEMO: (
        "✏️ Envía el memo o la etiqueta que tu cartera o bolsa muestra junto a la dirección."
    ),
    Phrase.ASK_THRESHOLD: (
        "✏️ Envía la cantidad a partir de la cual se te paga, {least} o más, como <code>50</code>."
    ),
    Phrase.ASK_GRACE: "✏️ Envía un número de días de 0 a {most}.",
    Phrase.FORM_REFUSED: "⚠️ Eso no encaja aquí.",
    Phrase.FORM_SECRET: (
        "🔐 <b>Eso parece una clave privada o una frase semilla.</b> No se ha guardado. Borra "
        "tu mensaje y pasa tu dinero a una cartera nueva: quien lo lea puede llevárselo todo."
    ),
    Phrase.FORM_NOT_SAVED: "⚠️ <b>Todavía no se ha guardado nada.</b>",
    Phrase.FORM_BOLD: "<b>{words}</b>",
    Phrase.PROBLEM_TAKEN: "El chat <code>{chat_id}</code> ya pertenece a un canal de aquí.",
    Phrase.PROBLEM_NOT_THEIRS: "Tú mismo debes ser administrador del chat <code>{chat_id}</code>.",
    Phrase.BUTTON_FORM_RESUME: "📝 Seguir con lo empezado",
    Phrase.PROBLEM_SAME_CHAT: "El chat abierto y el cerrado deben ser distintos.",
    Phrase.PROBLEM_SOLD: "El chat cerrado ya se ha vendido y no puede ser otro.",
    Phrase.PROBLEM_TOO_MANY: "Una cuenta tiene como mucho {most} canales.",
    Phrase.PROBLEM_TIERS: "Al menos un nivel debe estar en venta.",
    Phrase.PROBLEM_PRICE_LEAST: "Aquí un precio es de {least} como mínimo.",
    Phrase.PROBLEM_COIN: "Elige una moneda en la que se pueda pagar ahora.",
    Phrase.PROBLEM_ADDRESS: "A esa dirección no se puede pagar {coin} en {network}.",
    Phrase.PROBLEM_MEMO: (
        "{coin} en {network} necesita el memo o la etiqueta correctos, o ninguno donde no se usan."
    ),
    Phrase.PROBLEM_USDT: "Los pagos deben ser al momento: ahora no se ofrece USDT.",
    Phrase.PROBLEM_CLOSING: "El canal se está cerrando y no se puede cambiar.",
    Phrase.PROBLEM_CHANGED: (
        "Mientras tanto el canal se ha cambiado en otro sitio. Envía /database para verlo como "
        "es ahora."
    ),
    Phrase.PROBLEM_CHAT_UNKNOWN: (
        "Telegram no muestra el chat <code>{chat_id}</code> a este bot. Hazlo primero "
        "administrador de él."
    ),
    Phrase.FORM_SAVED: (
        "💾 <b>{title}</b> está guardado. La oferta se publica de nuevo en el chat abierto."
    ),
    Phrase.FORM_OVER: "🗂 Este formulario ha terminado. Envía /database para empezar de nuevo.",
    Phrase.PRESS_FORM_OVER: "Este formulario ha terminado. Envía /database para empezar de nuevo.",
    Phrase.PRESS_FORM_AGAIN: "Algo se ha interpuesto. Toca otra vez, por favor.",
    # Joining an account of the dashboard.
    Phrase.LINK_HOW: (
        "🔗 Para unir esta cuenta de Telegram a tu cuenta del panel, pide allí un código y "
        "envíalo aquí: <code>/link</code> y el código."
    ),
    Phrase.LINK_UNKNOWN: (
        "🔗 Este código no vale, o ya no. Pide otro en el panel; un código vale una vez, "
        "durante 15 minutos."
    ),
    Phrase.LINK_DONE: (
        "🔗 Esta cuenta de Telegram y tu cuenta del panel son ahora una: tienes los mismos "
        "canales en ambas."
    ),
    Phrase.LINK_OTHER_LOGIN: (
        "🔗 Esta cuenta de Telegram ya pertenece a otra cuenta del panel. No se ha cambiado nada."
    ),
    Phrase.LINK_OTHER_TELEGRAM: (
        "🔗 Tu cuenta del panel ya pertenece a otra cuenta de Telegram. No se ha cambiado nada."
    ),
    # Why something stands where it stands.
    Phrase.WHY_PAYMENT: "💰 Pago recibido <code>{id}</code>",
    Phrase.WHY_PAYOUT: "🏦 Pago al dueño <code>{id}</code>",
    Phrase.WHY_MEMBERSHIP: "🚪 Acceso <code>{id}</code>",
    Phrase.WHY_BY: "🕐 Habrá ocurrido, o lo mirará una persona, antes del {moment}.",
    Phrase.WHY_UNTIL: "🕐 Su final es el {moment}.",
    Phrase.NEWS_MORE: "Más sobre ello: <code>/status {id}</code>",
}
