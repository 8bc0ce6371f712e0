'use strict';
// Finds the handler that _HANDLER names: "index.handler", "folder/index.handler", "index.nested.handler"; CommonJS and ES modules.

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const { hasCallbacks, nodeMajor } = require('./generation.cjs');
const { CallbackHandlerDeprecated, HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } =
  require('./function_errors.cjs');
const { isStreaming } = require('./response_stream.cjs');

// Of NODE_PATH: folders that are found without help (package_folders.cjs), and those that hold no packages.
const USUAL_FOLDERS = ['/opt/nodejs/node_modules', '/var/runtime/node_modules', '/var/runtime', '/var/task', ''];

let packageFolders = null; // package_folders.cjs, where it has anything to do

// The name under which AWS's client stands in "Require stack" of a missing module.
const requireFunction = createRequire('/var/runtime/index.mjs');

// Resolves to the handler, or rejects: with a runtime error of function_errors.cjs, or with what the module itself threw.
async function load(taskRoot, name) {
  if (name.includes('..')) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const dot = base.indexOf('.');
  if (dot < 0) throw new MalformedHandlerName('Bad handler');
  const further = (process.env.NODE_PATH ?? '').split(':').filter((folder) => !USUAL_FOLDERS.includes(folder) && fs.existsSync(folder));
  if (further.length > 0 || nodeMajor < 18) {
    packageFolders = require('./package_folders.cjs');
    packageFolders.prepare(further);
  }
  const loaded = await loadModule(taskRoot, folder, base.slice(0, dot));
  const handler = findHandler(loaded, base.slice(dot + 1));
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new HandlerNotFound(`${name} is not a function`);
  if (!hasCallbacks && handler.length >= 3 && !isStreaming(handler)) {
    throw new CallbackHandlerDeprecated('ERROR: Node.js 24 and newer have no callback-based handlers on AWS Lambda. ' +
      'Make the handler async, and let it return its result.');
  }
  return handler;
}

async function loadModule(taskRoot, folder, moduleName) {
  try {
    return await findModule(taskRoot, folder, moduleName);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error?.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(error);
    throw error;
  }
}

// The order of AWS: the bare name, .js (as the nearest package.json says), .mjs, .cjs, then as Node resolves a package.
async function findModule(taskRoot, folder, moduleName) {
  const file = path.resolve(taskRoot, folder, moduleName);
  if (fs.existsSync(file)) {
    const loaded = requireFunction(file);
    if (loaded) return loaded;
  }
  if (fs.existsSync(`${file}.js`)) {
    return isInModulePackage(path.dirname(file)) ? importFile(`${file}.js`) : requireFunction(`${file}.js`);
  }
  if (fs.existsSync(`${file}.mjs`)) return importFile(`${file}.mjs`);
  if (fs.existsSync(`${file}.cjs`)) return requireFunction(`${file}.cjs`);
  return requireFunction(requireFunction.resolve(moduleName, { paths: [taskRoot, path.join(taskRoot, folder)] }));
}

function importFile(file) {
  packageFolders?.prepareImport();
  return import(pathToFileURL(file).href);
}

// Whether the nearest package.json says "type": "module".
function isInModulePackage(folder) {
  for (let current = path.resolve(folder); !current.endsWith('/node_modules'); current = path.dirname(current)) {
    const file = path.join(current, 'package.json');
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8'))?.type === 'module';
      } catch (error) {
        console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (current === '/') break;
  }
  return false;
}

function findHandler(loaded, nestedName) {
  const names = nestedName.split('.');
  const find = (start) => names.reduce((value, key) => value && value[key], start);
  return find(loaded) || (hasCallbacks ? undefined : find(loaded?.default));
}

module.exports = { load };
