"""`rw2fa-relay`: the one process with a network. It has no secret of ours, no state, and no say.

verbs      what it can be asked for; a new verb is another row and another module
time_verb  the verb `time`; `ntp` asks servers, `reply` says whether an answer is usable
sms_verbs  the verbs `sms`, `sms_status` and `sms_account`; `twilio_api` is the library, `exchange` its HTTP client

`wire.helper` and `wire.serving` have the rest: arguments, connections, which uids may ask, the end when idle.
"""
