"""`rw2fa-relay`: the one process with a network. It has no secret of ours, no state, and no say.

verbs      what it can be asked for; another one is another row, and another module
server     connections, who may ask, the end when idle
time_verb  the verb `time`; `ntp` asks servers, `reply` says whether an answer is usable
text_verbs the verbs `sms`, `sms_status` and `sms_account`; `twilio_api` is the library, `exchange` its way out
"""
