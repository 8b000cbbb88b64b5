/**
 * The functions of CPython that the host calls, by their names. The module exports some eight thousand, in an object that V8 looks
 * through by hash at each use; these are put in one of their own.
 */

/** A function of CPython's C API, or of its C library: pointers and numbers in, a pointer or a number out. */
export type Native = (...given: number[]) => number;

/** One of them. */
export type CapiName = (typeof capiNames)[number];

/** What the host calls of CPython. */
export type Capi = { readonly [name in CapiName]: Native };

/** Takes them out of what a module exports. */
export type PickCapi = (exported: WebAssembly.Exports) => Capi;

const capiNames = [
  "PyBytes_AsString",
  "PyBytes_Size",
  "PyCFunction_NewEx",
  "PyCallable_Check",
  "PyDictProxy_New",
  "PyDict_DelItem",
  "PyDict_DelItemString",
  "PyDict_GetItem",
  "PyDict_GetItemString",
  "PyDict_New",
  "PyDict_Next",
  "PyDict_SetItem",
  "PyDict_SetItemString",
  "PyErr_Clear",
  "PyErr_GetRaisedException",
  "PyErr_GivenExceptionMatches",
  "PyErr_SetString",
  "PyEval_EvalCode",
  "PyEval_GetFrame",
  "PyException_GetTraceback",
  "PyFloat_AsDouble",
  "PyFloat_FromDouble",
  "PyFrame_GetBack",
  "PyFrame_GetCode",
  "PyImport_AddModule",
  "PyImport_ImportModule",
  "PyList_Append",
  "PyList_AsTuple",
  "PyList_GetItem",
  "PyList_New",
  "PyList_Size",
  "PyLong_AsDouble",
  "PyLong_AsLong",
  "PyLong_FromDouble",
  "PyLong_FromString",
  "PyModule_GetDict",
  "PyModule_GetNameObject",
  "PyObject_CallOneArg",
  "PyObject_GenericGetDict",
  "PyObject_GetAttr",
  "PyObject_GetAttrString",
  "PyObject_Repr",
  "PyObject_SetAttrString",
  "PyObject_Str",
  "PyRun_SimpleString",
  "PySys_AddAuditHook",
  "PyTuple_GetItem",
  "PyTuple_Size",
  "PyUnicode_AsUTF8AndSize",
  "PyUnicode_AsWideChar",
  "PyUnicode_FromKindAndData",
  "PyUnicode_FromStringAndSize",
  "PyUnicode_GetLength",
  "PyUnicode_InternFromString",
  "Py_CompileStringExFlags",
  "Py_DecRef",
  "Py_IncRef",
  "Py_InitializeEx",
  "__wasm_call_ctors",
  "free",
  "malloc",
] as const;

(globalThis as unknown as { pickCapi: PickCapi }).pickCapi = (exported) => {
  const picked = Object.fromEntries(capiNames.map((name) => [name, exported[name] as Native]));
  // What stands in a prototype is found at once, however many there are.
  return Object.create(picked) as Capi;
};
