'use strict';
// Starts Mayfly's Node.js runtime client: `node /var/runtime/node/bootstrap.cjs` with the environment variables of a Lambda function.
// Node 18 and newer, no packages.

const Module = require('node:module');

// Node reads NODE_PATH while it starts; without one, the layers' folders are the default that AWS has.
if (process.env.NODE_PATH === undefined) {
  const { nodeMajor } = require('./generation.cjs');
  process.env.NODE_PATH = [
    `/opt/nodejs/node${nodeMajor}/node_modules`, '/opt/nodejs/node_modules', '/var/runtime/node_modules', '/var/runtime', '/var/task',
  ].join(':');
  Module._initPaths();
}

const { run } = require('./invoke_loop.cjs');

// Functions see what they see on AWS, where an ES module starts them: no main module, and nothing in the cache of modules.
process.mainModule = undefined;
process.argv[1] = '/var/runtime/index.mjs';
for (const file of Object.keys(require.cache)) delete require.cache[file];

run();
