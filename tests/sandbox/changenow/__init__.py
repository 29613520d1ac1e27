"""A stand-in for ChangeNOW's API v2 whose swaps move real value on the local chain.

    CHANGENOW_API_KEY=key python -m tests.sandbox.changenow --port 8003 --state swaps.sqlite \
        --rpc http://127.0.0.1:8546 --pace 0.3

`catalogue.py` holds the coins, `quotes.py` prices them and `exchanges.py` makes exchanges;
`deposits.py` watches the chain for what is paid in, `engine.py` takes each exchange through its
statuses, and `transfers.py` pays out on the chain, `book.py` in every other coin; `api.py` and
`views.py` are the face of it, `control.py` and `orders.py` what a test may do under `/_sandbox`.

Two faults of its own, besides those of every stand-in, act on `GET /v2/exchange/estimated-amount`:
`quote` multiplies what is promised by `values.factor`, and `short` ends a quote after
`values.seconds`. A third, `echo`, acts on `POST /v2/exchange`: `values` replace fields of the
answer, and nothing else.
"""
