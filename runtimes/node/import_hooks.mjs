// The hooks of package_folders.cjs in a thread of their own.

import resolver from './import_resolver.cjs';

let hooks;

export function initialize(folders) {
  hooks = resolver.forFolders(folders);
}

export function resolve(specifier, context, next) {
  return hooks.resolveLater(specifier, context, next);
}
