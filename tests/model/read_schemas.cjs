// Prints what the schemas of @aws-sdk/client-lambda say, as JSON. Argument: the package's dist-es directory.
//
// The schemas are arrays: [kind, namespace, name, traits, …]. They are evaluated without the package's dependencies.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const [OPERATION, STRUCTURE, ERROR, LIST, MAP, UNION] = [9, 3, -3, 1, 2, 4];
const [LABEL, PAYLOAD, STATUS] = [1, 16, 32];  // bits of a member's traits when they are a number

function evaluate(file) {
  const names = [];
  const text = fs.readFileSync(file, 'utf8')
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^.*registerError\(.*$/gm, '')
      .replace(/^export (var|const) ([\w$]+)/gm, (_, keyword, name) => { names.push(name); return `var ${name}`; });
  class TypeRegistry {}
  TypeRegistry.for = () => new TypeRegistry();
  return vm.runInNewContext(`${text};({${names.join(',')}})`, {TypeRegistry});
}

const SCALARS = {0: 'string', 1: 'number', 2: 'bool', 4: 'timestamp', 5: 'timestamp', 6: 'timestamp', 7: 'timestamp', 21: 'blob', 42: 'blob'};

function typeOf(schema) {
  while (typeof schema === 'function') schema = schema();
  if (typeof schema === 'number') {
    if (schema >= 128) return {kind: 'map', element: typeOf(schema - 128)};
    if (schema >= 64) return {kind: 'list', element: typeOf(schema - 64)};
    return {kind: SCALARS[schema] || `unknown ${schema}`};
  }
  const [kind, , name] = schema;
  if (kind === STRUCTURE || kind === UNION) return {kind: 'struct', name};
  if (kind === LIST) return {kind: 'list', element: typeOf(memberSchema(schema[4]))};
  if (kind === MAP) return {kind: 'map', element: typeOf(memberSchema(schema[5]))};
  return typeOf(schema[4]);  // a scalar with traits of its own
}

const memberSchema = (member) => Array.isArray(member) && member.length === 2 ? member[0] : member;
const memberTraits = (member) => Array.isArray(member) && member.length === 2 ? member[1] : 0;

function location(traits) {
  const bits = typeof traits === 'number' ? traits : 0;
  if (bits & LABEL || traits.httpLabel) return {location: 'path'};
  if (bits & PAYLOAD || traits.httpPayload || traits.eventPayload) return {location: 'payload'};
  if (bits & STATUS || traits.httpResponseCode) return {location: 'status'};
  if (traits.httpQuery) return {location: 'query', wire_name: traits.httpQuery};
  if (traits.httpHeader) return {location: 'header', wire_name: traits.httpHeader};
  return {location: 'body'};
}

function members(schema) {
  const [, , , , names, types, required] = schema;
  const result = {};
  names.forEach((name, index) => {
    const traits = memberTraits(types[index]);
    result[name] = {type: typeOf(memberSchema(types[index])), required: index < (required || 0), ...location(traits)};
  });
  return result;
}

const root = process.argv[2];
const schemas = Object.values(evaluate(path.join(root, 'schemas', 'schemas_0.js')));
const enums = evaluate(path.join(root, 'models', 'enums.js'));
const result = {operations: {}, structs: {}, errors: {}, enums: {}};
for (const [name, values] of Object.entries(enums)) result.enums[name] = Object.values(values);
for (const schema of schemas) {
  if (!Array.isArray(schema)) continue;
  const [kind, , name, traits] = schema;
  if (kind === STRUCTURE || kind === UNION) result.structs[name] = {members: members(schema)};
  if (kind === ERROR && traits) result.errors[name] = {status: traits.httpError, fault: traits.error === 'server', members: members(schema)};
  if (kind === OPERATION) {
    const nameOf = (part) => { const found = part(); return Array.isArray(found) ? found[2] : null; };
    const [method, uri, status] = traits.http;
    result.operations[name] = {method, uri, status, input: nameOf(schema[4]), output: nameOf(schema[5])};
  }
}
console.log(JSON.stringify(result));
