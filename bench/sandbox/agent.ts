/** The peers' agent: the same steps and probes, as plain a harness as each allows. A text, for every runtime can eval it. */
export const agentSource = `
var self = { state: {}, query: "", response: "" };
self.execute_code = function execute_code(code) { return (0, eval)("(function (self) {" + code + "\\n})")(self); };
function liveAll(programs, probes) {
  for (var i = 0; i < programs.length; i++) {
    self.execute_code(programs[i]);
    self.execute_code(probes[i][0]);
    if (self[probes[i][1]] !== probes[i][2]) return false;
    delete self[probes[i][1]];
    JSON.stringify(Object.keys(self).map(function (k) { return k + String(self[k]); }));
  }
  return true;
}`;
