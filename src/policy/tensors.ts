/** TF.js, quiet: the one place that imports it, so that its start-up advertisement is switched off before it computes. */

import * as tf from "@tensorflow/tfjs";

tf.env().set("PROD", true); // production mode: no warnings on the console

export { tf };
