import streamlit as st
from app import panels
from csa.words import speak
panels.frame(speak("data.title"))
