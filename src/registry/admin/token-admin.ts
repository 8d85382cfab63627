import { StrakeError } from '#oci'
import {
  type ApiToken,
  isLoginKind,
  isTokenOf,
  revokeApiToken,
  type TokenFacts,
} from '../identity/api-token.ts'
import { checkUserName } from '../identity/htpasswd.ts'
import type { ListedToken, TokenAdmin } from './admin.ts'
import { makeToken } from './make-token.ts'

/** The most tokens of a list. */
const mostListed = 500

/** The most tokens of one owner, so that nobody fills the disk. */
const mostOwned = 1000

const longestLife = 10 * 365 * 86_400_000

/** Makes and ends tokens of a registry while it serves. */
export function createTokenAdmin(tokens: TokenFacts, now: () => number = Date.now): TokenAdmin {
  const listAll = async (owner: string | undefined): Promise<readonly ApiToken[]> => {
    const found = await Array.fromAsync(tokens.list())
    return owner === undefined ? found : found.filter((each) => isTokenOf(each, owner))
  }
  return {
    async list(owner) {
      const found = (await listAll(owner)).toReversed()
      // Logins come and go: many of them must not hide the tokens that the user has made.
      const made = found.filter(({ kind }) => !isLoginKind(kind))
      const logins = found.filter(({ kind }) => isLoginKind(kind))
      return [...made, ...logins].slice(0, mostListed).map(withoutSecret)
    },
    async create(wanted) {
      const { kind, owner, label, lifetime } = wanted
      if (lifetime !== undefined && !(lifetime > 0 && lifetime <= longestLife)) {
        throw new StrakeError('INVALID', 'Cannot make a token: it must end within ten years')
      }
      const name = checkUserName(owner)
      const owned = (await listAll(undefined)).filter(
        (each) => each.kind === kind && each.owner === name,
      )
      if (owned.length >= mostOwned) {
        throw new StrakeError('DENIED', `Cannot make a token: ${name} has ${owned.length}`)
      }
      const { token, made } = makeToken({ ...wanted, label: label.slice(0, 128) }, now())
      await tokens.put(token)
      return made
    },
    async revoke(id, owner) {
      const token = await tokens.find(id)
      // The answer must not show that somebody else has a token with this ID.
      const isKnown = token !== undefined && (owner === undefined || isTokenOf(token, owner))
      await revokeApiToken(isKnown ? tokens : undefined, id)
    },
  }
}

function withoutSecret({ secretHash: _, secretMark: __, ...shown }: ApiToken): ListedToken {
  return shown
}
