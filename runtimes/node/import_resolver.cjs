'use strict';
// Resolves what is imported by a bare name in further folders: after the importing module's own node_modules, before those that are linked
// into the root for everybody (package_folders.cjs). What is found nowhere fails as it does without this.

const fs = require('node:fs');
const { createRequire, isBuiltin } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const NOT_BARE = /^(?:[./#]|[a-z][a-z0-9+.-]*:)/i;
const FALLBACKS = ['file:///opt/nodejs/node_modules/', 'file:///var/runtime/node_modules/'];

// { resolve, resolveLater }: hooks of Module.registerHooks and of Module.register.
function forFolders(folders) {
  const places = folders.map(makePlace);

  // Yields contexts to resolve in, is told { found } or { error } of each, and returns one of them.
  function* attempts(specifier, context) {
    const usual = yield context;
    if (NOT_BARE.test(specifier) || isBuiltin(specifier) || context.conditions?.includes('require')) return usual;
    if (usual.found && (isOfLayer(context.parentURL) || !isFallback(usual.found.url))) return usual;
    for (const place of places) {
      const attempt = place.parentURL ? yield { ...context, parentURL: place.parentURL } : place.find(specifier);
      if (attempt.found?.url.startsWith(place.url)) return attempt;
    }
    return usual;
  }

  function resolve(specifier, context, next) {
    const steps = attempts(specifier, context);
    let step = steps.next();
    while (!step.done) {
      let outcome;
      try {
        outcome = { found: next(specifier, step.value) };
      } catch (error) {
        outcome = { error };
      }
      step = steps.next(outcome);
    }
    return resultOf(step.value);
  }

  async function resolveLater(specifier, context, next) {
    const steps = attempts(specifier, context);
    let step = steps.next();
    while (!step.done) {
      let outcome;
      try {
        outcome = { found: await next(specifier, step.value) };
      } catch (error) {
        outcome = { error };
      }
      step = steps.next(outcome);
    }
    return resultOf(step.value);
  }

  return { resolve, resolveLater };
}

function resultOf({ found, error }) {
  if (error !== undefined) throw error;
  return found;
}

function isOfLayer(parentURL) {
  return parentURL?.startsWith('file:///opt/') ?? false;
}

function isFallback(url) {
  return FALLBACKS.some((start) => url.startsWith(start));
}

// A folder of packages that is called node_modules is searched as Node does it, from a module beside it; of others Node knows only how
// `require` searches them.
function makePlace(folder) {
  const url = `${pathToFileURL(fs.realpathSync(folder)).href}/`;
  if (path.basename(folder) === 'node_modules') return { url, parentURL: pathToFileURL(path.join(path.dirname(folder), '_.mjs')).href };
  const { resolve } = createRequire('/_.js');
  return {
    url,
    find(specifier) {
      try {
        return { found: { url: pathToFileURL(resolve(specifier)).href, shortCircuit: true } };
      } catch (error) {
        return { error };
      }
    },
  };
}

module.exports = { forFolders };
