"""Why something stands where it stands, in Spanish: by what `domain/why.py` says of it."""

from collections.abc import Mapping

WHY_IN_SPANISH: Mapping[str, str] = {
    "The provider waits for the payer's money.": "El proveedor espera el dinero del pagador.",
    "The provider calls us, and we ask it again.": (
        "El proveedor nos avisa, y nosotros le preguntamos otra vez."
    ),
    "The payer's transaction is being confirmed.": (
        "La transacción del pagador se está confirmando."
    ),
    "The payer's transaction is confirmed.": "La transacción del pagador está confirmada.",
    "The provider is sending the money to our wallet.": (
        "El proveedor está enviando el dinero a nuestra cartera."
    ),
    "Nothing arrived in time.": "No llegó nada a tiempo.",
    "To try again, the payer opens the offer once more. What still arrives counts.": (
        "Para intentarlo otra vez, el pagador abre la oferta de nuevo. Lo que llegue todavía "
        "cuenta."
    ),
    "The provider says that it failed.": "El proveedor dice que ha fallado.",
    "To try again, the payer opens the offer once more.": (
        "Para intentarlo otra vez, el pagador abre la oferta de nuevo."
    ),
    "Less than the price arrived.": "Llegó menos que el precio.",
    "An operator decides; nothing is lost meanwhile.": (
        "Decide un operador; mientras tanto no se pierde nada."
    ),
    "Less than the price arrived; it is kept for the payer.": (
        "Llegó menos que el precio; se guarda para el pagador."
    ),
    "The payer pays the rest, or gets the days that it is worth.": (
        "El pagador paga el resto, o recibe los días que vale."
    ),
    "It is kept for the payer, and waits to be given back.": (
        "Se guarda para el pagador, y espera a ser devuelto."
    ),
    "The rest was paid, and access was given.": "El resto se pagó, y se dio acceso.",
    "It is tried again by itself.": "Se vuelve a intentar por sí solo.",
    "An operator gave it back to the payer.": "Un operador lo devolvió al pagador.",
    "Nothing is left to do.": "No queda nada por hacer.",
    "The provider gave the money back to the payer.": "El proveedor devolvió el dinero al pagador.",
    "It is paid, and what it pays for was given.": "Está pagado, y se dio lo que paga.",
    "It is not as the order asked.": "No es como pedía el pedido.",
    "It is paid, and what it pays for was given; its deposit is not yet deep in the chain.": (
        "Está pagado, y se dio lo que paga; su depósito aún no está lo bastante hondo en la cadena."
    ),
    "Once it is, the owner's part can be paid out.": (
        "Cuando lo esté, la parte del dueño se puede pagar."
    ),
    "The owner's part waits for the next payout.": "La parte del dueño espera al próximo pago.",
    "The owner's part is being converted into USDT.": (
        "La parte del dueño se está convirtiendo en USDT."
    ),
    "The payout that it is in says more.": "El pago en el que está dice más.",
    "The owner's part is held in USDT, as the owner collects.": (
        "La parte del dueño se guarda en USDT, porque el dueño reúne."
    ),
    "It is paid out when the channel's threshold is reached, or when the owner asks for it.": (
        "Se paga cuando se alcanza el umbral del canal, o cuando el dueño lo pide."
    ),
    "The owner's part is in a payout.": "La parte del dueño está en un pago.",
    "The owner's part was paid out.": "La parte del dueño está pagada.",
    "The payer got the money back before it was paid out.": (
        "El pagador recuperó el dinero antes de que se pagara."
    ),
    "Shares are being taken together.": "Se están juntando las partes.",
    "It waits.": "Espera.",
    "It is being swapped into the owner's coin.": "Se está cambiando a la moneda del dueño.",
    "Its transfer is on the way.": "Su transferencia está en camino.",
    "The owner has the money.": "El dueño tiene el dinero.",
    "Its money came back.": "Su dinero volvió.",
    "Its shares are in the next payout.": "Sus partes están en el próximo pago.",
    "Something about it was not as it should be.": "Algo en él no era como debía.",
    "The swap provider is asked for a rate.": "Se pide un tipo de cambio al proveedor de cambios.",
    "With a rate, an exchange is made.": "Con un tipo, se crea un cambio.",
    "A rate is promised.": "Hay un tipo prometido.",
    "An exchange is made for it.": "Se crea un cambio con él.",
    "An exchange is asked for.": "Se ha pedido un cambio.",
    "When its answer agrees with what was asked, it is paid for.": (
        "Cuando su respuesta coincida con lo pedido, se paga."
    ),
    "An exchange is made.": "El cambio está creado.",
    "Our transfer to it is checked and signed.": (
        "Nuestra transferencia a él se comprueba y se firma."
    ),
    "The exchange has our money, or is about to.": (
        "El cambio tiene nuestro dinero, o está a punto."
    ),
    "It sends the owner's coin, or the money back.": (
        "Envía la moneda del dueño, o devuelve el dinero."
    ),
    "Its transfer is being checked.": "Su transferencia se está comprobando.",
    "If every check holds, it is authorised.": "Si todo se cumple, se autoriza.",
    "Its transfer is authorised.": "Su transferencia está autorizada.",
    "It is signed when a place in the wallet's order is free.": (
        "Se firma cuando hay sitio en la cola de la cartera."
    ),
    "Its transfer is being signed.": "Su transferencia se está firmando.",
    "Its transfer is with the network.": "Su transferencia está en la red.",
    "A block takes it; if none does, its price is raised.": (
        "Un bloque la toma; si ninguno lo hace, se sube su precio."
    ),
    "Its transfer is in a block.": "Su transferencia está en un bloque.",
    "When that block is deep enough, it counts.": (
        "Cuando ese bloque esté lo bastante hondo, cuenta."
    ),
    "Sending it now would cost too much of it.": "Enviarlo ahora costaría demasiado de ello.",
    "It goes when that costs less, or when more has come together.": (
        "Sale cuando cueste menos, o cuando se haya reunido más."
    ),
    "It is less than the swap provider takes.": (
        "Es menos de lo que acepta el proveedor de cambios."
    ),
    "It goes when more has come together.": "Sale cuando se haya reunido más.",
    "It is more than the swap provider takes.": "Es más de lo que acepta el proveedor de cambios.",
    "The owner's coin cannot be swapped into just now.": (
        "Ahora no se puede cambiar a la moneda del dueño."
    ),
    "The offered rate is too far from the market's.": (
        "El tipo ofrecido está demasiado lejos del mercado."
    ),
    "The swap provider does not pay to the owner's address.": (
        "El proveedor de cambios no paga a la dirección del dueño."
    ),
    "The owner changes the wallet, or the provider takes it later.": (
        "El dueño cambia la cartera, o el proveedor la acepta más tarde."
    ),
    "The owner changed the wallet.": "El dueño cambió la cartera.",
    "It forms anew for that.": "Se forma de nuevo para ella.",
    "Its transfer had to give way to another.": "Su transferencia tuvo que ceder el sitio a otra.",
    "It forms anew.": "Se forma de nuevo.",
    "An operator let it go on.": "Un operador dejó que siguiera.",
    "The node or the swap provider does not answer.": (
        "El nodo o el proveedor de cambios no responde."
    ),
    "As much as may leave within 24 hours has left.": (
        "Ha salido tanto como puede salir en 24 horas."
    ),
    "It goes when there is room again.": "Sale cuando vuelva a haber margen.",
    "Nothing was bought or granted.": "No se compró ni se concedió nada.",
    "An offer opens the way in.": "Una oferta abre la entrada.",
    "Access runs.": "El acceso está en marcha.",
    "It ends, unless it is renewed before.": "Termina, si no se renueva antes.",
    "Access is over.": "El acceso ha terminado.",
    "Buying again opens it again.": "Comprar otra vez lo vuelve a abrir.",
    "Access is over, and the person is taken out.": (
        "El acceso ha terminado, y se saca a la persona."
    ),
    "Access is over, and the person was taken out.": (
        "El acceso ha terminado, y se sacó a la persona."
    ),
    "Buying opens it.": "Comprar lo abre.",
    "The channel's owner has blocked the person.": "El dueño del canal ha bloqueado a la persona.",
    "Nothing, until the owner lifts that.": "Nada, hasta que el dueño lo levante.",
    "Access runs for life.": "El acceso es para siempre.",
    "The payment names no order of ours.": "El pago no nombra ningún pedido nuestro.",
    "More money came for a payment that was over.": "Llegó más dinero para un pago ya terminado.",
    "The channel's owner has blocked the payer.": "El dueño del canal ha bloqueado al pagador.",
    "The money came in another coin than agreed.": (
        "El dinero llegó en otra moneda que la acordada."
    ),
    "The provider names an amount that cannot be.": (
        "El proveedor nombra una cantidad que no puede ser."
    ),
    "The provider says one thing in its call and another when asked.": (
        "El proveedor dice una cosa al avisar y otra cuando se le pregunta."
    ),
    "The payer got the money back after access was given.": (
        "El pagador recuperó el dinero después de que se diera acceso."
    ),
    "What arrived differs from what was announced.": "Lo que llegó difiere de lo anunciado.",
    "The same deposit is named for two payments.": "El mismo depósito se nombra para dos pagos.",
    "It has failed for a day.": "Lleva un día fallando.",
    "The other side refuses it for good.": "La otra parte lo rechaza definitivamente.",
    "It has taken longer than it should.": "Ha tardado más de lo debido.",
    "A check before signing does not hold.": "Una comprobación antes de firmar no se cumple.",
    "The transfer was taken into a block and failed there.": (
        "La transferencia entró en un bloque y falló allí."
    ),
    "The transfer was taken into a block and moved nothing.": (
        "La transferencia entró en un bloque y no movió nada."
    ),
    "Somebody else has used our wallet's key.": (
        "Otra persona ha usado la clave de nuestra cartera."
    ),
    "It would be worth far more than was paid.": "Valdría mucho más de lo que se pagó.",
    "The swap provider repeats another order than ours.": (
        "El proveedor de cambios repite otro pedido que el nuestro."
    ),
    "The swap brought less than was promised.": "El cambio dio menos de lo prometido.",
    "The swap provider sent money twice.": "El proveedor de cambios envió dinero dos veces.",
    "The same money back is named for two swaps.": (
        "La misma devolución se nombra para dos cambios."
    ),
    "Wallet and books do not agree.": "La cartera y los libros no coinciden.",
    "The same result is named for two conversions.": (
        "El mismo resultado se nombra para dos conversiones."
    ),
    "More people than usual are to be removed from the channel.": (
        "Hay que sacar del canal a más personas de lo normal."
    ),
    "The money has come back too often.": "El dinero ha vuelto demasiadas veces.",
}
