// The counter page's entry: its face arrives with the clerk's work.
import "../shared/base.css";
