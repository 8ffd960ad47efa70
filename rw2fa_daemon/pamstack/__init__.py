"""PAM configuration: read as libpam reads it, walked as libpam walks it, and edited without leaving a trace.

syntax    lines and tokens of pam.conf(5)
stack     the handlers of one service and phase, includes and substacks resolved
dispatch  what libpam makes of the modules' answers
modules   what is known about the host's other modules
search    every way through a stack
faults    what is wrong with a service that should ask for a second factor
lines     our own lines and where they go
sshd      the drop-in for sshd_config.d
install   adds all of that to a host, or removes it
"""
