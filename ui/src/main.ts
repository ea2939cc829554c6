// The app window's entry: kiosk, board or setup, whichever the station says this machine is.
import "./shared/base.css";
