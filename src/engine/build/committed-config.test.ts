import { expect, test } from 'bun:test'
import { joinConfigs } from './committed-config.ts'

test('joinConfigs() joins maps and variables, and takes what is given', () => {
  const own = {
    Env: ['A=1', 'B=2'],
    Cmd: ['sh'],
    Labels: { a: '1', b: '2' },
    ExposedPorts: { '80/tcp': {} },
    WorkingDir: '/',
  }
  const given = {
    Env: ['B=3', 'C=4'],
    Labels: { b: '3' },
    ExposedPorts: { '90/tcp': {} },
    User: '1',
    WorkingDir: '/w',
  }
  expect(joinConfigs(own, given)).toEqual({
    Env: ['A=1', 'B=3', 'C=4'],
    Cmd: ['sh'],
    Labels: { a: '1', b: '3' },
    ExposedPorts: { '80/tcp': {}, '90/tcp': {} },
    User: '1',
    WorkingDir: '/w',
  })
})

test('joinConfigs() leaves the own command out for another entrypoint', () => {
  expect(joinConfigs({ Cmd: ['sh'] }, { Entrypoint: ['echo'] })).toEqual({
    Entrypoint: ['echo'],
    Env: [],
  })
})
