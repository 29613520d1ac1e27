"""Why something stands where it stands, in Russian: by what `domain/why.py` says of it."""

from collections.abc import Mapping

WHY_IN_RUSSIAN: Mapping[str, str] = {
    "The provider waits for the payer's money.": "Платёжная система ждёт деньги плательщика.",
    "The provider calls us, and we ask it again.": (
        "Платёжная система сообщит нам, и мы сами спросим её ещё раз."
    ),
    "The payer's transaction is being confirmed.": "Транзакция плательщика подтверждается.",
    "The payer's transaction is confirmed.": "Транзакция плательщика подтверждена.",
    "The provider is sending the money to our wallet.": (
        "Платёжная система отправляет деньги на наш кошелёк."
    ),
    "Nothing arrived in time.": "Вовремя ничего не пришло.",
    "To try again, the payer opens the offer once more. What still arrives counts.": (
        "Чтобы попробовать снова, плательщик ещё раз открывает предложение. То, что ещё "
        "придёт, засчитается."
    ),
    "The provider says that it failed.": "Платёжная система сообщает, что оплата не удалась.",
    "To try again, the payer opens the offer once more.": (
        "Чтобы попробовать снова, плательщик ещё раз открывает предложение."
    ),
    "Less than the price arrived.": "Пришло меньше цены.",
    "An operator decides; nothing is lost meanwhile.": (
        "Решает оператор; до тех пор ничего не пропадёт."
    ),
    "Less than the price arrived; it is kept for the payer.": (
        "Пришло меньше цены; деньги сохранены за плательщиком."
    ),
    "The payer pays the rest, or gets the days that it is worth.": (
        "Плательщик доплачивает остаток или получает дни, на которые хватает."
    ),
    "It is kept for the payer, and waits to be given back.": (
        "Деньги сохранены за плательщиком и ждут возврата."
    ),
    "The rest was paid, and access was given.": "Остаток оплачен, доступ дан.",
    "It is tried again by itself.": "Попытка повторится сама.",
    "An operator gave it back to the payer.": "Оператор вернул деньги плательщику.",
    "Nothing is left to do.": "Больше делать нечего.",
    "The provider gave the money back to the payer.": (
        "Платёжная система вернула деньги плательщику."
    ),
    "It is paid, and what it pays for was given.": "Оплачено, и оплаченное предоставлено.",
    "It is not as the order asked.": "Пришло не то, что было в заказе.",
    "It is paid, and what it pays for was given; its deposit is not yet deep in the chain.": (
        "Оплачено, и оплаченное предоставлено; перевод ещё недостаточно глубоко в блокчейне."
    ),
    "Once it is, the owner's part can be paid out.": (
        "Как только будет, часть владельца можно выплатить."
    ),
    "The owner's part waits for the next payout.": "Часть владельца ждёт следующей выплаты.",
    "The owner's part is being converted into USDT.": "Часть владельца переводится в USDT.",
    "The payout that it is in says more.": "Больше скажет выплата, в которую она входит.",
    "The owner's part is held in USDT, as the owner collects.": (
        "Часть владельца хранится в USDT: владелец накапливает."
    ),
    "It is paid out when the channel's threshold is reached, or when the owner asks for it.": (
        "Она выплачивается, когда достигнут порог канала или когда попросит владелец."
    ),
    "The owner's part is in a payout.": "Часть владельца входит в выплату.",
    "The owner's part was paid out.": "Часть владельца выплачена.",
    "The payer got the money back before it was paid out.": (
        "Плательщик получил деньги назад до выплаты."
    ),
    "Shares are being taken together.": "Доли собираются вместе.",
    "It waits.": "Она ждёт.",
    "It is being swapped into the owner's coin.": "Она обменивается на монету владельца.",
    "Its transfer is on the way.": "Её перевод в пути.",
    "The owner has the money.": "Деньги у владельца.",
    "Its money came back.": "Её деньги вернулись.",
    "Its shares are in the next payout.": "Её доли — в следующей выплате.",
    "Something about it was not as it should be.": "Что-то в ней было не так, как должно.",
    "The swap provider is asked for a rate.": "У обменного сервиса запрашивается курс.",
    "With a rate, an exchange is made.": "Когда есть курс, создаётся обмен.",
    "A rate is promised.": "Курс обещан.",
    "An exchange is made for it.": "По нему создаётся обмен.",
    "An exchange is asked for.": "Обмен запрошен.",
    "When its answer agrees with what was asked, it is paid for.": (
        "Когда ответ совпадёт с запросом, обмен оплачивается."
    ),
    "An exchange is made.": "Обмен создан.",
    "Our transfer to it is checked and signed.": "Наш перевод ему проверяется и подписывается.",
    "The exchange has our money, or is about to.": (
        "Наши деньги у обменного сервиса или вот-вот будут."
    ),
    "It sends the owner's coin, or the money back.": (
        "Он отправит монету владельца или вернёт деньги."
    ),
    "Its transfer is being checked.": "Её перевод проверяется.",
    "If every check holds, it is authorised.": "Если все проверки пройдены, он разрешается.",
    "Its transfer is authorised.": "Её перевод разрешён.",
    "It is signed when a place in the wallet's order is free.": (
        "Он подписывается, когда освободится место в очереди кошелька."
    ),
    "Its transfer is being signed.": "Её перевод подписывается.",
    "Its transfer is with the network.": "Её перевод передан сети.",
    "A block takes it; if none does, its price is raised.": (
        "Его возьмёт блок; если не возьмёт, цена повышается."
    ),
    "Its transfer is in a block.": "Её перевод в блоке.",
    "When that block is deep enough, it counts.": (
        "Когда блок будет достаточно глубоко, он засчитается."
    ),
    "Sending it now would cost too much of it.": (
        "Отправка сейчас съела бы слишком большую её часть."
    ),
    "It goes when that costs less, or when more has come together.": (
        "Она уйдёт, когда это станет дешевле или накопится больше."
    ),
    "It is less than the swap provider takes.": "Это меньше, чем принимает обменный сервис.",
    "It goes when more has come together.": "Она уйдёт, когда накопится больше.",
    "It is more than the swap provider takes.": "Это больше, чем принимает обменный сервис.",
    "The owner's coin cannot be swapped into just now.": (
        "На монету владельца сейчас нельзя обменять."
    ),
    "The offered rate is too far from the market's.": (
        "Предложенный курс слишком далёк от рыночного."
    ),
    "The swap provider does not pay to the owner's address.": (
        "Обменный сервис не платит на адрес владельца."
    ),
    "The owner changes the wallet, or the provider takes it later.": (
        "Владелец меняет кошелёк, или сервис примет адрес позже."
    ),
    "The owner changed the wallet.": "Владелец сменил кошелёк.",
    "It forms anew for that.": "Для него она собирается заново.",
    "Its transfer had to give way to another.": "Её перевод уступил место другому.",
    "It forms anew.": "Она собирается заново.",
    "An operator let it go on.": "Оператор разрешил ей идти дальше.",
    "The node or the swap provider does not answer.": "Узел или обменный сервис не отвечает.",
    "As much as may leave within 24 hours has left.": "За 24 часа ушло столько, сколько можно.",
    "It goes when there is room again.": "Она уйдёт, когда снова будет можно.",
    "Nothing was bought or granted.": "Ничего не куплено и не дано.",
    "An offer opens the way in.": "Вход открывает предложение.",
    "Access runs.": "Доступ действует.",
    "It ends, unless it is renewed before.": "Он закончится, если его не продлить раньше.",
    "Access is over.": "Доступ закончился.",
    "Buying again opens it again.": "Новая покупка откроет его снова.",
    "Access is over, and the person is taken out.": (
        "Доступ закончился, человека удаляют из канала."
    ),
    "Access is over, and the person was taken out.": (
        "Доступ закончился, человека удалили из канала."
    ),
    "Buying opens it.": "Покупка откроет его.",
    "The channel's owner has blocked the person.": "Владелец канала заблокировал человека.",
    "Nothing, until the owner lifts that.": "Ничего, пока владелец это не снимет.",
    "Access runs for life.": "Доступ действует навсегда.",
    "The payment names no order of ours.": "Оплата не называет ни одного нашего заказа.",
    "More money came for a payment that was over.": "По завершённой оплате пришли ещё деньги.",
    "The channel's owner has blocked the payer.": "Владелец канала заблокировал плательщика.",
    "The money came in another coin than agreed.": (
        "Деньги пришли не в той монете, о которой договорились."
    ),
    "The provider names an amount that cannot be.": "Платёжная система называет невозможную сумму.",
    "The provider says one thing in its call and another when asked.": (
        "Платёжная система сообщает одно, а на вопрос отвечает другое."
    ),
    "The payer got the money back after access was given.": (
        "Плательщик получил деньги назад после того, как был дан доступ."
    ),
    "What arrived differs from what was announced.": "Пришло не столько, сколько было объявлено.",
    "The same deposit is named for two payments.": "Один и тот же перевод назван для двух оплат.",
    "It has failed for a day.": "Это не удаётся уже сутки.",
    "The other side refuses it for good.": "Другая сторона окончательно отказывает.",
    "It has taken longer than it should.": "Это заняло больше времени, чем должно.",
    "A check before signing does not hold.": "Проверка перед подписью не пройдена.",
    "The transfer was taken into a block and failed there.": "Перевод попал в блок и не удался.",
    "The transfer was taken into a block and moved nothing.": (
        "Перевод попал в блок и ничего не переместил."
    ),
    "Somebody else has used our wallet's key.": (
        "Ключом нашего кошелька воспользовался кто-то другой."
    ),
    "It would be worth far more than was paid.": (
        "Это стоило бы намного больше, чем было заплачено."
    ),
    "The swap provider repeats another order than ours.": "Обменный сервис повторяет не наш заказ.",
    "The swap brought less than was promised.": "Обмен принёс меньше, чем было обещано.",
    "The swap provider sent money twice.": "Обменный сервис отправил деньги дважды.",
    "The same money back is named for two swaps.": "Один и тот же возврат назван для двух обменов.",
    "Wallet and books do not agree.": "Кошелёк и учёт не сходятся.",
    "The same result is named for two conversions.": (
        "Один и тот же результат назван для двух конвертаций."
    ),
    "More people than usual are to be removed from the channel.": (
        "Из канала нужно удалить больше людей, чем обычно."
    ),
    "The money has come back too often.": "Деньги возвращались слишком часто.",
}
