"""Pictures as SVG and the style of pages: text that scales, and colours that follow the reader."""
