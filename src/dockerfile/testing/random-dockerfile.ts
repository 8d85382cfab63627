const heads = [
  'FROM alpine',
  'FROM alpine:3 AS Build',
  'from scratch as x',
  'ARG VERSION=1',
  'ENV A=b C="d e"',
  'ENV KEY value with blanks',
  'RUN echo hi',
  'RUN --mount=type=cache,target=/c --network=none make',
  'RUN ["sh", "-c", "x"]',
  'COPY --from=build /a /b',
  'COPY a b /c/',
  'CMD run --all',
  'ENTRYPOINT ["a"]',
  'EXPOSE 80/TCP 127.0.0.1:81:82',
  'LABEL a=b',
  'WORKDIR rel',
  'MAINTAINER somebody',
  'USER me',
  'ONBUILD RUN echo x',
  'HEALTHCHECK --interval=1s CMD true',
  'RNU typo',
  'Volume /v',
]
const tails = ['', ' \\', ' \\  ', ' # x', ' <<E', " <<'E' <<F", ' "open', " 'q \\", '\\\\']
const others = [
  '',
  '  ',
  '# comment',
  '  # check=skip=all',
  '#!x',
  '# escape=`',
  '\t',
  'E',
  'F',
  '&& x',
  '  y \\',
  'é ☃ 𝒳',
]
const ends = ['\n', '\n', '\n', '\r\n', '\n\n', '']

/** Returns a text made of parts of Dockerfiles. The same seed gives the same text. */
export function randomDockerfile(seed: number): string {
  let state = seed
  const next = (): number => {
    // The generator of Park and Miller: a multiplication modulo a prime.
    state = (state * 48_271) % 2_147_483_647
    return state
  }
  const pick = (list: readonly string[]): string => list[next() % list.length] ?? ''
  next()
  const start = pick(['', '', '# syntax=docker/dockerfile:1\n', '# escape=`\n', '\ufeff', '#!/x\n'])
  const lines = Array.from({ length: 1 + (next() % 12) }, () =>
    next() % 3 === 0
      ? pick(others) + pick(ends)
      : pick(['', '', '', '  ', '\t']) + pick(heads) + pick(tails) + pick(ends),
  )
  return start + lines.join('')
}
