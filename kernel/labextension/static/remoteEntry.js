/**
 * A prebuilt JupyterLab extension that needs no bundler: JupyterLab loads this file as it is and asks the container
 * below for its modules: a renderer of plotly's MIME type, and one of the kernel's controls, which needs the notebook's
 * kernel and so is added to each notebook (controls.js, loaded with the first notebook). plotly.min.js is copied beside it at installation and
 * loaded with the first figure. A fault in here would keep all of JupyterLab from opening, so nothing runs at load.
 * Source: jupyterlab.readthedocs.io, "Extension Developer Guide", on prebuilt and MIME renderer extensions.
 */
(() => {
  const mimeType = "application/vnd.plotly.v1+json";
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  let scope;
  let plotly;

  function loadPlotly() {
    plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${folder}plotly.min.js`;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        plotly = undefined;
        reject(new Error("plotly.min.js is not beside the extension: run `autoagent-kernel install` again"));
      };
      document.head.append(script);
    });
    return plotly;
  }

  async function shared(name) {
    const versions = Object.values(scope[name]);
    const factory = await versions[0].get();
    return factory();
  }

  /** The colours of the page, where the figure does not bring its own. */
  function dressed(node, layout) {
    const style = getComputedStyle(node);
    const colour = style.getPropertyValue("--jp-ui-font-color1").trim();
    const dark = document.body.dataset.jpThemeLight === "false";
    if (!dark) return layout;
    const clear = "rgba(0,0,0,0)";
    return { paper_bgcolor: clear, plot_bgcolor: clear, ...layout, font: { ...layout.font, color: colour || "#ddd" } };
  }

  async function createModule() {
    const { Widget } = await shared("@lumino/widgets");
    class FigureWidget extends Widget {
      async renderModel(model) {
        const { data = [], layout = {}, config } = structuredClone(model.data[mimeType]);
        const settings = { responsive: true, displaylogo: false, showSendToCloud: false, ...config };
        try {
          // An output area has no height of its own, and a responsive figure would take none.
          this.node.style.height = `${layout.height ?? 380}px`;
          const library = await loadPlotly();
          if (!this.isDisposed) await library.react(this.node, data, dressed(this.node, layout), settings);
        } catch (error) {
          this.node.style.height = "";
          this.node.textContent = `The figure cannot be drawn: ${error.message}`;
        }
      }
      onResize() {
        if (this.isVisible && this.node.data) window.Plotly.Plots.resize(this.node);
      }
      onBeforeDetach() {
        if (this.node.data) window.Plotly.purge(this.node);
      }
    }
    const rendererFactory = { safe: true, mimeTypes: [mimeType], createRenderer: () => new FigureWidget() };
    return {
      __esModule: true,
      default: { id: "autoagent-lab-plotly:renderer", dataType: "json", rank: 0, rendererFactory },
    };
  }

  /** Each notebook's own renderer of controls. A fault in it is told on the console and costs nothing else. */
  const controls = {
    __esModule: true,
    default: {
      id: "autoagent-lab-plotly:controls",
      autoStart: true,
      async activate(app) {
        try {
          const { Widget } = await shared("@lumino/widgets");
          const { createFactory } = await import(`${folder}controls.js`);
          app.docRegistry.addWidgetExtension("Notebook", {
            createNew(panel, context) {
              panel.content.rendermime.addFactory(createFactory(Widget, context.sessionContext), 0);
            },
          });
        } catch (error) {
          console.warn("The kernel's controls are shown as text:", error);
        }
      },
    },
  };

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["autoagent-lab-plotly"] = {
    init(given) {
      scope = given;
    },
    async get(name) {
      const module = name === "./mimeExtension" ? await createModule() : name === "./extension" ? controls : {};
      return () => module;
    },
  };
})();
