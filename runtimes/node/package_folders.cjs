'use strict';
// Where packages are found that a function does not pack itself, by `require` and by `import`: in the folders of NODE_PATH, in their order.
//
// `import` does not know NODE_PATH. The two folders of it that matter to nearly everybody, /opt/nodejs/node_modules of layers and then
// /var/runtime/node_modules with the SDK, are found as every package is, without any help and at no price: the root has links to them
// where Node looks last, /var/node_modules and /node_modules. Any further folder that exists (/opt/nodejs/node20/node_modules, those of
// a NODE_PATH of the function's own) needs a hook on the resolution of modules. It is set only then, and where Node runs such
// hooks in a thread of their own (before 22.15), only when something may be imported: that thread costs more than a start.

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { nodeMajor } = require('./generation.cjs');

const LINKS = ['/var/node_modules', '/node_modules'];
const SDK_V2 = '/var/runtime/sdk/nodejs16/node_modules'; // of the identifiers before nodejs18.x
const IMPORT_CALL = /\bimport\s*\(/;

let setHook = null; // does what is left to do before something is imported

// Before the function is loaded; handler_loader.cjs has found the `further` folders. Nothing of this file is needed without any.
function prepare(further) {
  if (nodeMajor < 18 && fs.existsSync(SDK_V2)) addFolder(SDK_V2);
  if (further.length === 0) return;
  keepOrderForRequire();
  const { resolve } = require('./import_resolver.cjs').forFolders(further);
  if (typeof Module.registerHooks === 'function') {
    Module.registerHooks({ resolve });
  } else if (typeof Module.register === 'function') {
    setHook = () => Module.register('./import_hooks.mjs', pathToFileURL(__filename), { data: further });
    expectImportCalls();
  }
}

// Behind those of NODE_PATH, which shows nothing of it.
function addFolder(folder) {
  const shown = process.env.NODE_PATH;
  process.env.NODE_PATH = shown ? `${shown}:${folder}` : folder;
  Module._initPaths();
  if (shown === undefined) delete process.env.NODE_PATH;
  else process.env.NODE_PATH = shown;
}

// Something is about to be imported.
function prepareImport() {
  const set = setHook;
  setHook = null;
  set?.();
}

// The links come before NODE_PATH for `require`, and so before folders that stand in front of theirs.
function keepOrderForRequire() {
  const resolveLookupPaths = Module._resolveLookupPaths;
  Module._resolveLookupPaths = (request, parent) => {
    const paths = resolveLookupPaths(request, parent);
    return paths === null ? paths : paths.filter((folder) => !LINKS.includes(folder));
  };
}

// A CommonJS module that calls import() says so in its text.
function expectImportCalls() {
  const findPath = Module._findPath;
  Module._findPath = (...parameters) => {
    const file = findPath(...parameters);
    if (setHook !== null && file && /\.c?js$/.test(file) && IMPORT_CALL.test(textOf(file))) prepareImport();
    return file;
  };
}

function textOf(file) {
  try {
    return fs.readFileSync(path.resolve(file), 'latin1');
  } catch { // whoever loads it will say so
    return '';
  }
}

module.exports = { prepare, prepareImport };
