// The office page's entry: its face arrives with the manager's work.
import "../shared/base.css";
