"""The pages: what people see in a browser. One page is a .py, a .html, a .css and a .js of one name; see the README."""
