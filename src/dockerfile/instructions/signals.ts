const names =
  'HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS UNUSED'

/** True for a signal's number (1 to 64) or its Linux name, with or without `SIG`, in any case. */
export function isSignal(text: string): boolean {
  if (/^\d{1,3}$/.test(text)) {
    return Number(text) >= 1 && Number(text) <= 64
  }
  const name = text.toUpperCase().replace(/^SIG/, '')
  const realtime = /^RTM(?:IN(?:\+(\d{1,2}))?|AX(?:-(\d{1,2}))?)$/.exec(name)
  if (realtime !== null) {
    return Number(realtime[1] ?? realtime[2] ?? 0) <= 30
  }
  return names.split(' ').includes(name)
}
