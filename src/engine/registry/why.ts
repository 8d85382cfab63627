import { isRepositoryName, StrakeError } from '#oci'
import { hasAuth, policyOf } from '#registry/access/open-auth'
import { type Decision, decide } from '#registry/policy/decide'
import { anonymous, type Identity, robotPrefix } from '#registry/policy/identity'
import { actions } from '#registry/policy/rule'
import { openPlaceAuth } from './parts/auth.ts'
import { findPlace, type PlaceOptions } from './place.ts'

/** A sender, an action and a repository, as texts. */
export interface Question {
  /** `alice`, `robot+ci`, or `anonymous`. */
  readonly sender: string
  readonly action: string
  readonly repository: string
  /** Groups that a directory server or an issuer would name. */
  readonly groups?: readonly string[] | undefined
  /** The issuer and the claims of a job. */
  readonly issuer?: string | undefined
  readonly claims?: Readonly<Record<string, string>> | undefined
}

/** Returns what the rules of a registry decide, and why. */
export async function explainAccess(place: PlaceOptions, question: Question): Promise<Decision> {
  const { repository } = question
  const action = actions.find((each) => each === question.action)
  if (action === undefined || !isRepositoryName(repository)) {
    const what =
      action === undefined ? `the action ${question.action}` : `the repository ${repository}`
    throw new StrakeError('INVALID', `Cannot explain ${what}: it is not known`, {
      remedy: `actions are ${actions.join(', ')}; a repository is a name such as team/app`,
    })
  }
  const found = await findPlace(place)
  const { config, files } = found
  await using auth = await openPlaceAuth(found)
  if (!(await hasAuth(config, files, auth.shared))) {
    const reason = 'the registry has neither users nor rules, so it serves everybody'
    return { isAllowed: true, rule: undefined, reason }
  }
  return decide(policyOf(config), identityOf(question), {
    action,
    repository,
  })
}

function identityOf({ sender, groups = [], issuer, claims }: Question): Identity {
  if (issuer !== undefined) {
    return { kind: 'workload', name: sender, groups, issuer, claims: claims ?? {} }
  }
  if (sender === 'anonymous') return anonymous
  return sender.startsWith(robotPrefix)
    ? { kind: 'robot', name: sender.slice(robotPrefix.length), groups }
    : { kind: 'user', name: sender, groups }
}
