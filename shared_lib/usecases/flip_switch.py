"""Stop something at once for the whole platform, or let it go on."""

from shared_lib.domain.operator import Operator, Switch
from shared_lib.ports import Ports
from shared_lib.usecases.auditing import audit


def flip_switch(ports: Ports, switch: Switch, by: Operator, *, on: bool) -> bool:
    """Turn a kill switch on or off; False if it stood there already, which nobody has to know.

    What was held up by it is looked at again by `reconcile`, so that nothing has to be woken.
    """
    now = ports.clock.now()
    with ports.database.transaction() as tx:
        turned = tx.controls.turn_on(switch, by, now) if on else tx.controls.turn_off(switch)
        if turned:
            audit(ports, tx, by, "flip_switch", ("switch", switch.value), on="yes" if on else "no")
    return turned
