import { checkLogin, logout as dropCredential, login as keepCredential } from '#registry'

/** The registry of names without a host. */
const defaultRegistry = 'docker.io'

export interface LoginRequest {
  readonly username: string
  readonly secret: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/** Checks the credentials with the registry and stores them. Throws `UNAUTHORIZED`, and stores nothing then. */
export async function login(
  host: string = defaultRegistry,
  { username, secret, env = process.env, signal }: LoginRequest,
): Promise<{ readonly storedIn: string; readonly encrypted: boolean }> {
  const { storedIn } = await keepCredential(host, { username, secret }, { env, signal })
  return { storedIn, encrypted: storedIn.startsWith('the credential helper') }
}

/** Checks the credentials with the registry. Throws `UNAUTHORIZED`. */
export async function checkCredentials(
  host: string,
  { username, secret, signal }: LoginRequest,
): Promise<void> {
  await checkLogin(host, { credentials: async () => ({ username, secret }), signal })
}

/** Removes the credentials. Returns the host, `undefined` when it had none. */
export async function logout(
  host: string = defaultRegistry,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  return (await dropCredential(host, { env })) ? host : undefined
}
