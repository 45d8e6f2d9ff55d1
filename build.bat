@echo off
rem Kollect on Windows: try it, test it, open it.  Usage: build.bat demo, test, run or exe
rem
rem Plain ASCII and English, on purpose: cmd.exe reads this file in the code page of the console, which is
rem 932 on a Japanese PC, 65001 where somebody switched it, and 437 elsewhere. Japanese written here in any
rem encoding would be garbled on one of them, and "chcp 65001" garbles it on consoles with a raster font.
rem What the program itself says is Japanese: Python writes to the console without any code page.
rem
rem Everything lands in .venv beside this file. May be broken off at any moment and run again.
rem Lines end with CR LF: with LF alone cmd.exe loses its labels. Nothing here relies on "||" and "&&": after
rem some built-in commands they go the wrong way in cmd.exe of Wine 8.
setlocal EnableExtensions DisableDelayedExpansion
pushd "%~dp0"
if not exist build.bat exit /b 1

set "VERB=%~1"
set "REST="
:next_argument
shift
if "%~1"=="" goto arguments_done
set REST=%REST% %1
goto next_argument
:arguments_done

set "PY=.venv\Scripts\python.exe"
if "%VERB%"=="demo" goto verb_demo
if "%VERB%"=="test" goto verb_test
if "%VERB%"=="run" goto verb_run
if "%VERB%"=="exe" goto verb_exe
echo Usage: build.bat demo (try it), test, run (open it), exe (make kollect.exe) 1>&2
set "CODE=2"
goto end

:verb_demo
call :set_up requirements.txt
if not %ERRORLEVEL%==0 goto failed
"%PY%" -m kollect demo%REST%
set "CODE=%ERRORLEVEL%"
goto end

:verb_run
call :set_up requirements.txt
if not %ERRORLEVEL%==0 goto failed
"%PY%" -m kollect%REST%
set "CODE=%ERRORLEVEL%"
goto end

:verb_test
call :set_up requirements.txt
if not %ERRORLEVEL%==0 goto failed
call :set_up tests\requirements.txt
if not %ERRORLEVEL%==0 goto failed
rem Here, the tests that need no real mail server: Dovecot and Postfix are for Linux, and so is the check
rem of the style (ruff.exe wants a Visual C++ runtime that a plain Windows has not).
echo == Testing
"%PY%" -m pytest -m "not real"%REST% tests
set "CODE=%ERRORLEVEL%"
goto end

:verb_exe
call :set_up requirements.txt
if not %ERRORLEVEL%==0 goto failed
call :set_up tests\exe\requirements.txt
if not %ERRORLEVEL%==0 goto failed
echo == Making dist\kollect.exe
rem The same sources make the same program, octet for octet.
set "PYTHONHASHSEED=0"
"%PY%" -m PyInstaller --noconfirm --log-level ERROR --workpath build --distpath dist kollect.spec
if not %ERRORLEVEL%==0 goto failed
"%PY%" -m tests.exe.measure dist\kollect.exe
set "CODE=%ERRORLEVEL%"
goto end

:failed
set "CODE=1"
:end
popd
exit /b %CODE%

rem ---- set_up LIST: .venv with the packages of LIST in it --------------------------------------------
rem .venv counts as made only with the mark "made", a list as installed only while its copy lies there.
:set_up
if exist .venv\installing goto make
if not exist .venv\made goto make
"%PY%" -c "import pip" >nul 2>nul
if %ERRORLEVEL%==0 goto made
:make
call :find_python
if not %ERRORLEVEL%==0 exit /b 1
echo == Making a Python environment in .venv
%BASE% -m venv --clear .venv
if not %ERRORLEVEL%==0 exit /b 1
echo made> .venv\made
:made
set "COPY=%~1"
set "COPY=.venv\%COPY:\=-%.installed"
"%PY%" -c "import filecmp, sys; sys.exit(not filecmp.cmp(*sys.argv[1:], False))" "%~1" "%COPY%" >nul 2>nul
if %ERRORLEVEL%==0 exit /b 0
echo == Installing Python packages: %~1
echo installing> .venv\installing
set "PIP_DISABLE_PIP_VERSION_CHECK=1"
"%PY%" -m pip install -qq --no-input -r "%~1"
if not %ERRORLEVEL%==0 goto not_installed
copy /y "%~1" "%COPY%" >nul
del .venv\installing
exit /b 0
:not_installed
echo The packages could not be installed. Please check the internet connection and try again. 1>&2
exit /b 1

rem ---- find_python: sets BASE to a Python of 3.11 or newer that can open windows ---------------------
:find_python
call :try py -3.11
if %ERRORLEVEL%==0 exit /b 0
call :try py -3
if %ERRORLEVEL%==0 exit /b 0
call :try python
if %ERRORLEVEL%==0 exit /b 0
echo This needs Python 3.11 or newer, and it was not found on this PC. 1>&2
echo   1. Open https://www.python.org/downloads/windows/ and download the "Windows installer (64-bit)". 1>&2
echo   2. Run it. Put a tick at "Add python.exe to PATH", then press "Install Now". 1>&2
echo   3. Start this command again in a new window. 1>&2
exit /b 1

rem The "python" that only opens the Microsoft Store fails here like a missing one.
:try
%* -c "import sys, tkinter, venv; sys.exit(sys.version_info < (3, 11))" >nul 2>nul
if not %ERRORLEVEL%==0 exit /b 1
set "BASE=%*"
exit /b 0
