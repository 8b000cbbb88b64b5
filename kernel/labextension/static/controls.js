/**
 * The views of the kernel's controls in JupyterLab 4 and Notebook 7: each opens a comm to the control in the kernel, says
 * what the reader moved, and follows the value. Without a kernel that knows it a view stands still and says why.
 * The other end is kernel/display/controls.ts.
 */

const mimeType = "application/vnd.autoagent.control+json";
const target = "autoagent.control";
/** Least time between two values of a slider that is being moved; the last one is always sent. */
const sendEveryMs = 50;

/** A renderer of controls for one notebook, whose session it talks through. */
export function createFactory(Widget, sessionContext) {
  class ControlWidget extends Widget {
    comm = null;
    async renderModel(model) {
      const control = model.data[mimeType];
      const view = viewOf(control, (value) => this.comm?.send({ value }));
      this.node.replaceChildren(view.node);
      const connect = () => {
        this.comm = null;
        view.enable(false);
        const kernel = sessionContext.session?.kernel;
        if (!kernel || this.isDisposed) return;
        const comm = kernel.createComm(target);
        comm.onMsg = ({ content }) => {
          if (comm !== this.comm) return;
          view.enable(true); // only a kernel that knows the control speaks
          view.show(content.data.value);
        };
        comm.onClose = () => comm === this.comm && view.enable(false);
        this.comm = comm;
        comm.open({ id: control.id });
      };
      this.onStatus = (_, status) => {
        if (/restarting|dead|terminating/.test(status)) {
          this.comm = null;
          view.enable(false);
        }
      };
      this.connect = connect;
      sessionContext.kernelChanged.connect(connect);
      sessionContext.statusChanged.connect(this.onStatus);
      await sessionContext.ready;
      connect();
    }
    dispose() {
      if (this.isDisposed) return;
      sessionContext.kernelChanged.disconnect(this.connect);
      sessionContext.statusChanged.disconnect(this.onStatus);
      if (this.comm && !this.comm.isDisposed) this.comm.close();
      super.dispose();
    }
  }
  return { safe: true, mimeTypes: [mimeType], createRenderer: () => new ControlWidget() };
}

/** The elements of a control: what is typed in the notebook is only ever text here. */
function viewOf(control, send) {
  const node = document.createElement("label");
  node.style.cssText = "display:inline-flex;align-items:center;gap:.6em;padding:.2em 0";
  const make = { slider, choice, button }[control.kind];
  if (make === undefined) {
    node.textContent = `${control.label}: ${control.value}`;
    return { node, show() {}, enable() {} };
  }
  const { field, show } = make(control, node, send);
  // On the field itself: JupyterLab's bindings are for whatever has the focus. Arrow keys move the slider, not the notebook.
  field.dataset.lmSuppressShortcuts = "true";
  const note = document.createElement("small");
  note.style.opacity = ".7";
  node.append(note);
  return {
    node,
    show,
    enable(on) {
      field.disabled = !on;
      note.textContent = on ? "" : "run the cell to use this";
    },
  };
}

function slider(control, node, send) {
  const field = Object.assign(document.createElement("input"), { type: "range" });
  for (const name of ["min", "max", "step"]) field[name] = String(control[name]);
  const number = document.createElement("output");
  number.style.cssText = "min-width:4em;font-variant-numeric:tabular-nums";
  const show = (value) => {
    number.textContent = String(value);
    if (document.activeElement !== field || !moving) field.value = String(value);
  };
  let moving = false;
  /** @type {number | undefined} */
  let timer;
  let sentAt = 0;
  const say = () => {
    timer = undefined;
    sentAt = Date.now();
    send(Number(field.value));
  };
  field.addEventListener("input", () => {
    moving = true;
    number.textContent = field.value;
    if (timer === undefined) timer = setTimeout(say, Math.max(0, sentAt + sendEveryMs - Date.now()));
  });
  field.addEventListener("change", () => {
    moving = false;
  });
  node.append(control.label, field, number);
  show(control.value);
  return { field, show };
}

function choice(control, node, send) {
  const field = document.createElement("select");
  for (const option of control.options) field.append(new Option(option, option));
  const show = (value) => {
    field.value = value;
  };
  field.addEventListener("change", () => send(field.value));
  node.append(control.label, field);
  show(control.value);
  return { field, show };
}

function button(control, node, send) {
  const field = Object.assign(document.createElement("button"), { type: "button", textContent: control.label });
  field.addEventListener("click", () => send(null));
  node.append(field);
  return { field, show() {} };
}
