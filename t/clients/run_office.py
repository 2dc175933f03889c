# Documents of lib.excel.* and lib.docx.* as openpyxl and python-docx read
# them, and theirs as the nodes do.
#
#   run_office.py GRAPH_RUN PACKS FOLDER     a JSON line for each check: its
#                                            name, what came and what was due

import base64
import datetime
import io
import json
import subprocess
import sys
import zlib

import docx
import openpyxl

PROGRAM, PACKS, FOLDER = sys.argv[1:]
ENGINE = subprocess.Popen([PROGRAM, "-", PACKS], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True)


def chain(*steps):
    """The last output of nodes (type, data, the input that takes the one
    before it)."""
    nodes, edges = [], []
    for i, (kind, data, handle) in enumerate(steps):
        nodes.append({"id": f"n{i}", "type": kind, "data": data})
        if i > 0:
            edges.append({"source": f"n{i - 1}", "sourceHandle": "output",
                          "target": f"n{i}", "targetHandle": handle})
    nodes.append({"id": "o", "type": "nodetool.output.Output",
                  "data": {"name": "o"}})
    edges.append({"source": f"n{len(steps) - 1}", "sourceHandle": "output",
                  "target": "o", "targetHandle": "value"})
    request = {"graph": {"nodes": nodes, "edges": edges}, "workspace": FOLDER,
               "assets": FOLDER}
    ENGINE.stdin.write(json.dumps(request) + "\n")
    ENGINE.stdin.flush()
    reply = json.loads(ENGINE.stdout.readline())
    result = (reply.get("results") or {}).get("o")
    return result if result is not None else reply


def check(name, got, want):
    print(json.dumps({"name": name, "ok": got == want, "got": repr(got),
                      "want": repr(want)}))


def bytes_of(ref):
    return io.BytesIO(base64.b64decode(ref["uri"].split(",", 1)[1]))


def ref_of(kind, write):
    buffer = io.BytesIO()
    write(buffer)
    return {"type": kind, "uri": "data:application/octet-stream;base64,"
            + base64.b64encode(buffer.getvalue()).decode()}


def png(width, height):
    def chunk(kind, data):
        body = kind + data
        return (len(data).to_bytes(4, "big") + body
                + zlib.crc32(body).to_bytes(4, "big"))
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", head + bytes([8, 0, 0, 0, 0]))
            + chunk(b"pHYs", (3937).to_bytes(4, "big") * 2 + b"\1")
            + chunk(b"IDAT", zlib.compress(bytes((width + 1) * height)))
            + chunk(b"IEND", b""))


FRAME = {"type": "dataframe",
         "columns": [{"name": "n", "data_type": "int"},
                     {"name": "b & <c>", "data_type": "object"}],
         "data": [[1, " x <y> "], [-2, None], [3, "ünï\nz\u0001"],
                  [9007199254740993, True], [5, [1, {"a": None}]]]}
ROWS = [[1, " x <y> "], [-2, None], [3, "ünï\nz"], [9007199254740993, True],
        [5, '[1, {"a": null}]']]
HEAD = ["n", "b & <c>"]


def values(sheet):
    return [[cell.value for cell in row] for row in sheet.rows]


def workbooks():
    new = ("lib.excel.CreateWorkbook", {"sheet_name": "My Sheet"}, None)
    made = chain(
        new,
        ("lib.excel.DataFrameToExcel",
         {"dataframe": FRAME, "sheet_name": "My Sheet"}, "workbook"),
        ("lib.excel.DataFrameToExcel",
         {"dataframe": FRAME, "sheet_name": "Öther", "start_cell": "AB3",
          "include_header": False}, "workbook"),
        ("lib.excel.FormatCells",
         {"sheet_name": "My Sheet", "cell_range": "A1:B2", "bold": True,
          "text_color": "#FF0000"}, "workbook"),
        ("lib.excel.FormatCells",
         {"sheet_name": "My Sheet", "cell_range": "B2",
          "background_color": "", "text_color": "0000FF"}, "workbook"),
        ("lib.excel.AutoFitColumns", {"sheet_name": "My Sheet"}, "workbook"))
    book = openpyxl.load_workbook(bytes_of(made))
    check("sheets", book.sheetnames, ["My Sheet", "Öther"])
    sheet = book["My Sheet"]
    check("cells", values(sheet), [HEAD] + ROWS)
    check("cells elsewhere", [[cell.value for cell in row]
                              for row in book["Öther"]["AB3:AC7"]], ROWS)
    check("and none before", book["Öther"]["A1"].value, None)
    check("bold", [sheet[at].font.b for at in ("A1", "B2", "A3")],
          [True, False, False])
    check("colours", [sheet[at].font.color.rgb for at in ("A1", "B2")],
          ["FFFF0000", "FF0000FF"])
    check("what is behind", [sheet[at].fill.fgColor.rgb
                             for at in ("A1", "B2", "A3")],
          ["FFFFFF00", "FFFFFF00", "00000000"])
    check("the font stays", sheet["A1"].font.name, "Calibri")
    check("widths", [sheet.column_dimensions[at].width for at in "AB"],
          [18.0, 18.0])
    over = chain(new, ("lib.excel.DataFrameToExcel",
                       {"dataframe": FRAME, "sheet_name": "My Sheet",
                        "start_cell": "B2"}, "workbook"),
                 ("lib.excel.DataFrameToExcel",
                  {"dataframe": {**FRAME, "data": [[7, None]]},
                   "sheet_name": "My Sheet"}, "workbook"))
    check("written over", values(openpyxl.load_workbook(bytes_of(over)).active)
          [:3], [HEAD + [None], [7, None, "b & <c>"], [None, 1, " x <y> "]])


def others_workbooks():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "S"
    sheet.append(["n", "d", "t", None, "s"])
    sheet.append([1, datetime.date(2024, 2, 29),
                  datetime.datetime(2024, 1, 1, 12, 30, 15), None, "x"])
    sheet.append([2.5, datetime.date(1900, 1, 1), None, None, "é"])
    sheet["A4"] = True
    sheet["E4"] = "=A2*2"
    sheet["B4"] = datetime.time(1, 2, 3)
    sheet["H9"].font = openpyxl.styles.Font(b=True)
    sheet.column_dimensions.group("A", "D", hidden=True)
    other = book.create_sheet("Empty")
    other.sheet_properties.tabColor = "FF00FF"
    ref = ref_of("excel", book.save)
    read = {"workbook": ref, "sheet_name": "S"}
    frame = chain(("lib.excel.ExcelToDataFrame", read, None))
    check("columns", [(c["name"], c["data_type"]) for c in frame["columns"]],
          [("n", "object"), ("d", "datetime"), ("t", "datetime"),
           ("None", "object"), ("s", "object")])
    check("rows", frame["data"],
          [[1, "2024-02-29", "2024-01-01T12:30:15", None, "x"],
           [2.5, "1900-01-01", None, None, "é"],
           [True, "01:02:03", None, None, "=A2*2"]])
    bare = chain(("lib.excel.ExcelToDataFrame",
                  {**read, "has_header": False}, None))
    check("without a header", [[c["name"] for c in bare["columns"]],
                               bare["data"][0]],
          [["0", "1", "2", "3", "4"], ["n", "d", "t", None, "s"]])
    empty = chain(("lib.excel.ExcelToDataFrame",
                   {**read, "sheet_name": "Empty"}, None))
    check("an empty sheet", [empty["columns"], empty["data"]], [[], []])
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    frame = chain(("lib.excel.ExcelToDataFrame",
                   {"workbook": ref_of("excel", book.save),
                    "sheet_name": "S"}, None))
    check("dates from 1904 on", frame["data"][0][1:3],
          ["2024-02-29", "2024-01-01T12:30:15"])

    changed = chain(
        ("lib.excel.FormatCells", {"workbook": ref, "sheet_name": "S",
                                   "cell_range": "B2:B3",
                                   "background_color": ""}, None),
        ("lib.excel.AutoFitColumns", {"sheet_name": "S"}, "workbook"))
    book = openpyxl.load_workbook(bytes_of(changed))
    check("formats of numbers stay", [book["S"]["B2"].number_format,
                                      book["S"]["B2"].is_date,
                                      book["S"]["E4"].value],
          ["yyyy-mm-dd", True, "=A2*2"])
    check("and what is not known", book["Empty"].sheet_properties.tabColor.rgb,
          "00FF00FF")
    check("columns stay hidden", [book["S"].column_dimensions[at].hidden
                                  for at in "ABD"], [True, True, True])
    check("... and are wider", book["S"].column_dimensions["B"].width, 12.0)


def documents():
    image = {"type": "image", "uri": "data:image/png;base64,"
             + base64.b64encode(png(200, 100)).decode()}
    made = chain(
        ("lib.docx.CreateDocument", {}, None),
        ("lib.docx.AddHeading", {"text": "Head", "level": 2}, "document"),
        ("lib.docx.AddParagraph", {"text": " a <b>\nsecond\tline", "bold": True,
                                   "italic": True, "alignment": "JUSTIFY",
                                   "font_size": 14}, "document"),
        ("lib.docx.AddParagraph", {"text": "plain", "font_size": 0},
         "document"),
        ("lib.docx.AddTable", {"data": FRAME}, "document"),
        ("lib.docx.AddPageBreak", {}, "document"),
        ("lib.docx.AddImage", {"image": image}, "document"),
        ("lib.docx.AddImage", {"image": image, "width": 1}, "document"),
        ("lib.docx.AddImage", {"image": image, "width": 1, "height": 2},
         "document"),
        ("lib.docx.SetDocumentProperties",
         {"title": "T & t", "author": "A", "subject": "S", "keywords": "k"},
         "document"))
    document = docx.Document(bytes_of(made))
    paragraphs = document.paragraphs
    check("paragraphs", [(p.text, p.style.name) for p in paragraphs[:3]],
          [("Head", "Heading 2"), (" a <b>\nsecond\tline", "Normal"),
           ("plain", "Normal")])
    run = paragraphs[1].runs[0]
    check("their format", [run.bold, run.italic, run.font.size.pt,
                           paragraphs[1].alignment.name],
          [True, True, 14, "JUSTIFY"])
    run = paragraphs[2].runs[0]
    check("or none", [run.bold, run.italic, run.font.size], [None, None, None])
    check("a table", [[cell.text for cell in row.cells]
                      for row in document.tables[0].rows],
          [["1", " x <y> "], ["-2", ""], ["3", "ünï\nz"],
           ["9007199254740993", "True"], ["5", "[1, {'a': None}]"]])
    check("a page break", 'w:type="page"' in paragraphs[3]._p.xml, True)
    inches = [(round(s.width.inches, 2), round(s.height.inches, 2))
              for s in document.inline_shapes]
    check("images", inches, [(2, 1), (1, 0.5), (1, 2)])
    check("their bytes", {part.blob for part in
                          document.part.package.image_parts}, {png(200, 100)})
    properties = document.core_properties
    check("properties", [properties.title, properties.author,
                         properties.subject, properties.keywords],
          ["T & t", "A", "S", "k"])


def others_documents():
    document = docx.Document()
    document.add_paragraph("before", style="List Bullet")
    document.core_properties.comments = "kept"
    ref = ref_of("document", document.save)
    changed = chain(
        ("lib.docx.AddHeading", {"document": ref, "text": "H", "level": 9},
         None),
        ("lib.docx.SetDocumentProperties", {"title": "New"}, "document"))
    document = docx.Document(bytes_of(changed))
    check("a document of another", [(p.text, p.style.name)
                                    for p in document.paragraphs],
          [("before", "List Bullet"), ("H", "Heading 9")])
    properties = document.core_properties
    check("what is set and what stays",
          [properties.title, properties.author, properties.comments],
          ["New", "python-docx", "kept"])


for group in (workbooks, others_workbooks, documents, others_documents):
    group()
ENGINE.stdin.close()
check("graph-run ends well", ENGINE.wait(), 0)
