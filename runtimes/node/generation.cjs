'use strict';
// Which generation of AWS's Node.js contract this function was written for.
//
// From nodejs24.x on, callbacks and the context's done/succeed/fail are gone and handlers that take a callback are refused. What
// counts is the identifier that the function names, not the version that runs it; without one, the version. From nodejs18.x on, an async
// handler whose promise can never be settled is told as Runtime.NodejsExit; older ones end with null.

const named = /^AWS_Lambda_nodejs(\d+)\.x$/.exec(process.env.AWS_EXECUTION_ENV ?? '');
const nodeMajor = Number(named ? named[1] : process.versions.node.split('.')[0]);

module.exports = { nodeMajor, hasCallbacks: nodeMajor < 24, tellsUnsettledPromises: nodeMajor >= 18 };
