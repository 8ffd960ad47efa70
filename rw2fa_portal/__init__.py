"""The web portal: pages for people (`web`), and the process that runs a PAM conversation for each logon (`session`)."""
