import { parseContainerBody } from '#docker/bodies/container-body'
import { create as createInStore } from '#engine/container/run'
import { findTarget } from '#engine/image/find-target'
import { isStrakeError } from '#oci'
import { readObject } from '../body.ts'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { reply } from '../reply.ts'
import { nameTaken } from './find.ts'
import { requireReferences } from './references.ts'

/** `POST /containers/create`. A client pulls an absent image itself when it reads the 404. */
export async function create({ engine, query, request, signal }: ApiCall): Promise<Response> {
  const name = query.text('name')
  const body = await readObject(request)
  const options = parseContainerBody(body, {
    name,
    platform: platformOf(query.text('platform')),
  })
  requireFreeName(engine, name)
  if (findTarget(engine.records, options.image) === undefined) throw noImage(options.image)
  requireReferences(engine, options)
  const warnings: string[] = []
  try {
    const { id } = await createInStore(engine, {
      ...options,
      emit: (event) => {
        if (event.type === 'warning') warnings.push(event.message)
      },
      signal,
    })
    return reply({ Id: id, Warnings: warnings }, { status: 201 })
  } catch (error) {
    // Another client took the name meanwhile.
    if (isStrakeError(error, 'ALREADY_EXISTS', 'CONFLICT')) requireFreeName(engine, name)
    throw error
  }
}

/** Clients compare both messages. */
function noImage(image: string): ApiError {
  const isTagged = /[:@]/.test(image.slice(image.lastIndexOf('/') + 1))
  return new ApiError(404, `No such image: ${isTagged ? image : `${image}:latest`}`)
}

function requireFreeName({ records }: ApiCall['engine'], name: string | undefined): void {
  const plain = name?.replace(/^\//, '')
  const holder = plain === undefined ? undefined : records.containers.findByName(plain)
  if (holder === undefined) return
  throw nameTaken(holder.name, holder.id)
}

/** The parameter is `os[/arch[/variant]]`; an empty one is none. */
function platformOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
