# What a program's text would do if all of it ran, by Python's own syntax tree: `text` in, `found` out, a list of kind, text, line
# and whether it may never run. Runs in a newborn life of its own; the text is parsed and never run.
import ast


def look(text):
    def words(kind, names):
        return {name: kind for name in names.split()}

    calls = {
        **words("process_spawn", "os.system os.popen os.fork os.forkpty pty.spawn pty.fork asyncio.create_subprocess_exec asyncio.create_subprocess_shell multiprocessing.Process multiprocessing.Pool concurrent.futures.ProcessPoolExecutor"),
        **words("process_kill", "os.kill os.killpg signal.pthread_kill"),
        **words("self_harm", "exit quit breakpoint sys.exit os._exit os.abort signal.raise_signal"),
        **words("fs_delete", "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree"),
        **words("fs_write", "os.rename os.renames os.replace os.mkdir os.makedirs os.chmod os.chown os.link os.symlink os.truncate os.utime os.mkfifo os.mknod shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move shutil.make_archive shutil.unpack_archive tempfile.mkstemp tempfile.mkdtemp tempfile.NamedTemporaryFile tempfile.TemporaryDirectory sqlite3.connect shelve.open logging.FileHandler"),
        **words("fs_read", "open io.open io.open_code io.FileIO os.open os.listdir os.scandir os.walk os.fwalk os.stat os.access os.readlink glob.glob glob.iglob linecache.getlines tokenize.open runpy.run_path gzip.open bz2.open lzma.open zipfile.ZipFile tarfile.open codecs.open fileinput.input pathlib.Path.read_text"),
        **words("network", "socket.socket socket.create_connection socket.create_server socket.getaddrinfo urllib.request.urlopen urllib.request.urlretrieve webbrowser.open asyncio.open_connection asyncio.start_server ssl.create_default_context"),
        **words("privilege", "os.setuid os.setgid os.seteuid os.setegid os.setgroups os.setsid os.chroot os.chdir os.nice os.putenv os.unsetenv"),
        **words("secret_read", "os.getenv os.environ.get"),
        **words("escape", "marshal.loads marshal.load types.CodeType sys.addaudithook sys.settrace sys.setprofile sys._current_frames gc.get_objects gc.get_referrers gc.get_referents"),
    }
    families = {
        **words("process_spawn", "subprocess os.exec os.spawn os.posix_spawn"),
        **words("network", "http.client ftplib smtplib poplib imaplib xmlrpc requests httpx aiohttp paramiko websocket telnetlib"),
        **words("host_info", "psutil"),
        **words("escape", "ctypes _ctypes js pyodide _pyodide _pyodide_core"),
    }
    methods = {
        **words("fs_delete", "unlink rmtree"),
        **words("fs_write", "write_text write_bytes symlink_to hardlink_to touch"),
        **words("fs_read", "read_text read_bytes iterdir expanduser"),
    }
    names, found = {}, []

    def tell(kind, node, inside):
        if len(found) < 256:
            found.append([kind, (ast.get_source_segment(text, node) or "")[:80], node.lineno, inside > 0])

    def path(node):
        if isinstance(node, ast.Name):
            return names.get(node.id, node.id)
        if isinstance(node, ast.Call) and path(node.func) in ("__import__", "importlib.import_module") and node.args:
            first = node.args[0]
            return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else "?"
        if isinstance(node, ast.Attribute):
            return f"{path(node.value)}.{node.attr}"
        return "?"

    def kind_of(name):
        name = "os." + name[6:] if name.startswith("posix.") else name
        family = next((one for one in families if name == one or name.startswith(one + ".") or (one.startswith("os.") and name.startswith(one))), None)
        return calls.get(name) or (families[family] if family else None)

    def writes(node):
        modes = [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "mode")]
        return any(isinstance(one, ast.Constant) and isinstance(one.value, str) and set(one.value) & set("wax+") for one in modes)

    def visit(node, inside):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for one in node.names:
                full = one.name if isinstance(node, ast.Import) else f"{node.module or ''}.{one.name}"
                names[one.asname or one.name.split(".")[0]] = full if one.asname or isinstance(node, ast.ImportFrom) else full.split(".")[0]
                if families.get(full.split(".")[0]) == "escape":
                    tell("escape", node, inside)
        if isinstance(node, ast.Call):
            name = path(node.func)
            kind = kind_of(name)
            if kind == "fs_read" and name.split(".")[-1] in ("open", "FileIO") and writes(node):
                kind = "fs_write"
            if kind is None and isinstance(node.func, ast.Attribute):
                kind = methods.get(node.func.attr)
            if name in ("__import__", "importlib.import_module") and families.get(path(node).split(".")[0]) == "escape":
                kind = "escape"
            if kind is not None:
                tell(kind, node, inside)
        if isinstance(node, ast.Subscript) and path(node.value) in ("os.environ", "os.environb"):
            tell("secret_read", node, inside)
        if isinstance(node, ast.Attribute) and node.attr == "__code__" and isinstance(node.ctx, ast.Store):
            tell("escape", node, inside)
        deeper = inside + isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, deeper)

    try:
        visit(ast.parse(text), 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return sorted(found, key=lambda one: one[2])


self.found = look(self.text)
